# SPDX-License-Identifier: Apache-2.0
"""Writes the documents that can be derived from the code, and checks that they are current."""
