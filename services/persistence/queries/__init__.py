# SPDX-License-Identifier: Apache-2.0
"""What the database is asked for the HTTP interface."""
