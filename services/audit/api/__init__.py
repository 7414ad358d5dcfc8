# SPDX-License-Identifier: Apache-2.0
"""The audit trail over HTTP."""
