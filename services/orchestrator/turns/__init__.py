# SPDX-License-Identifier: Apache-2.0
"""Turns at work: claimed by one replica, step by step, resumed by another after a crash."""
