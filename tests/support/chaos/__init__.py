# SPDX-License-Identifier: Apache-2.0
"""Breaks a running system on purpose, by a plan, and judges from outside what came of it."""
