# SPDX-License-Identifier: Apache-2.0
"""``agent-runtime demo``: a conversation, two failures, and what every service made of them."""
