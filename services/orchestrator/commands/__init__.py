# SPDX-License-Identifier: Apache-2.0
"""What people and programs ask for: each command with its handler, one transaction each."""
