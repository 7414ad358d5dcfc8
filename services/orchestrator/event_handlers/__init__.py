# SPDX-License-Identifier: Apache-2.0
"""What the orchestrator does when it reads domain events on the bus."""
