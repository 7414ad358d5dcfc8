# SPDX-License-Identifier: Apache-2.0
"""Signed checkpoints: with which key, of what, and when."""
