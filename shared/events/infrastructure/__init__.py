# SPDX-License-Identifier: Apache-2.0
"""Infrastructure events: how it happened, technically."""
