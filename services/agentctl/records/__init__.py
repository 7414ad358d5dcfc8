# SPDX-License-Identifier: Apache-2.0
"""Records of a topic, as they are chosen and as they are printed."""
