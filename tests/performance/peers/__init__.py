# SPDX-License-Identifier: Apache-2.0
"""What others do, for a row that needs more than a function for it."""
