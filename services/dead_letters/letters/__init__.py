# SPDX-License-Identifier: Apache-2.0
"""What a dead letter says, which ones are the same, and what may become of it; no I/O."""
