# SPDX-License-Identifier: Apache-2.0
"""The logs in PostgreSQL: written by one module, read by the others."""
