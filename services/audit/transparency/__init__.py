# SPDX-License-Identifier: Apache-2.0
"""The public formats of transparency logs: RFC 6962 trees and the C2SP notes around them."""

from services.audit.transparency.checkpoint import Checkpoint
from services.audit.transparency.errors import VerificationError
from services.audit.transparency.keys import Signer, VerifierKey
from services.audit.transparency.merkle import Frontier, Node, hash_leaf
from services.audit.transparency.note import Note
from services.audit.transparency.proof import Proof

__all__ = [
    "Checkpoint",
    "Frontier",
    "Node",
    "Note",
    "Proof",
    "Signer",
    "VerificationError",
    "VerifierKey",
    "hash_leaf",
]
