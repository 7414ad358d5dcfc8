# SPDX-License-Identifier: Apache-2.0
"""The decisions of the audit trail: what an entry says, how a log grows, how it is verified.

Nothing here reads or writes anything; a verifier needs no more than this and ``transparency``.
"""
