# SPDX-License-Identifier: Apache-2.0
"""The private key of this service, in a file that nobody else can read."""

import os
import stat
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from shared.errors import ConfigurationError

PRIVATE = 0o600


def load_signing_key(path: Path, *, generate: bool = False) -> Ed25519PrivateKey:
    """Return the key in the file ``path``; with ``generate``, make one if there is no such file.

    Raises:
        ConfigurationError: there is none, others may read it, or it holds no Ed25519 key.
    """
    try:
        if generate and not path.exists():
            _make(path)
        pem = _read(path)
    except FileNotFoundError:
        raise ConfigurationError(
            f"no signing key in {path} (AUDIT_SIGNING_KEY_FILE): set AUDIT_GENERATE_KEY=true, or"
            f" run 'openssl genpkey -algorithm ed25519 -out {path} && chmod 600 {path}'"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"the signing key (AUDIT_SIGNING_KEY_FILE): {error}") from error
    return _parse(pem, path)


def _make(path: Path) -> None:
    """Write a new key; the file appears whole, and one that another process makes first stays."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent) as draft:
        draft.write(pem)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & ~PRIVATE:
            raise ConfigurationError(
                f"others may read the signing key (its mode is {mode:o}): run 'chmod 600 {path}'"
            )
        return file.read()


def _parse(pem: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} holds no Ed25519 key in PEM (AUDIT_SIGNING_KEY_FILE)")
    return key
