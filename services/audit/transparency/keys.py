# SPDX-License-Identifier: Apache-2.0
"""Ed25519 keys under a name: the half that signs notes and the half that verifies them."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.audit.transparency.errors import VerificationError
from services.audit.transparency.note import (
    KEY_ID_BYTES,
    Note,
    Signature,
    check_name,
    decode,
    encode,
)

_ED25519 = b"\x01"
_PUBLIC_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under; written as a *vkey*: ``name+id+base64``."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that tell this key apart from others of the same name."""
        identity = self.name.encode() + b"\n" + _ED25519 + self.public_key
        return sha256(identity).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode(_ED25519 + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Return the key that ``vkey`` spells.

        Raises:
            VerificationError: it is not the vkey of an Ed25519 key.
        """
        name, _, rest = vkey.strip().partition("+")
        key_id, _, material = rest.partition("+")
        encoded = decode(material, what="a verifier key")
        if encoded[:1] != _ED25519 or len(encoded) != 1 + _PUBLIC_KEY_BYTES:
            raise VerificationError(f"the verifier key of {name!r} is not an Ed25519 key")
        key = cls(check_name(name), encoded[1:])
        if key.key_id.hex() != key_id:
            raise VerificationError(f"the verifier key of {name!r} does not have the id {key_id!r}")
        return key

    def verify(self, note: Note) -> None:
        """Return if this key signed ``note``; signatures of other keys do not count.

        Raises:
            VerificationError: it did not, or what claims to be its signature is not.
        """
        own = [line for line in note.signatures if self._made(line)]
        if not own:
            raise VerificationError(f"no signature of {self}")
        key = Ed25519PublicKey.from_public_bytes(self.public_key)
        for signature in own:
            try:
                key.verify(signature.value, note.text.encode())
            except InvalidSignature:
                raise VerificationError(f"the signature of {self} is not valid") from None

    def _made(self, signature: Signature) -> bool:
        return (signature.name, signature.key_id) == (self.name, self.key_id)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the name it signs under."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """Return the key that others verify with."""
        return VerifierKey(check_name(self.name), self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> Note:
        """Return ``text``, which ends in a newline, as a note signed with this key."""
        verifier = self.verifier
        value = self.private_key.sign(text.encode())
        return Note(text, (Signature(verifier.name, verifier.key_id, value),))
