# SPDX-License-Identifier: Apache-2.0
"""Domain events: what happened in the business."""
