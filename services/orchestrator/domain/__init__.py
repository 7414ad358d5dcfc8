# SPDX-License-Identifier: Apache-2.0
"""The decisions: what a session allows, what a turn does next, and which events tell of it.

Nothing here reads or writes anything.
"""
