# SPDX-License-Identifier: Apache-2.0
"""The letters in PostgreSQL: taken in, looked at, sent back."""
