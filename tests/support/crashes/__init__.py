# SPDX-License-Identifier: Apache-2.0
"""Replicas of the orchestrator that end themselves, as ``kill -9`` does, at a chosen place."""
