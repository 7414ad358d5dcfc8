# SPDX-License-Identifier: Apache-2.0
"""How the system is brought up: embedded on one machine, and the schema of its database."""
