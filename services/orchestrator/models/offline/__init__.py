# SPDX-License-Identifier: Apache-2.0
"""A model that needs no provider: it follows written rules instead of thinking."""
