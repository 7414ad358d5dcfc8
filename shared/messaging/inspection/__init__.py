# SPDX-License-Identifier: Apache-2.0
"""Looks at topics from outside: nothing here joins a group, commits, or writes a record."""
