# SPDX-License-Identifier: Apache-2.0
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.audit.checkpoints.signing_key import load_signing_key
from shared.errors import ConfigurationError


def test_a_generated_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit.pem"

    made = load_signing_key(path, generate=True)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signing_key(path).private_bytes_raw() == made.private_bytes_raw()
    assert load_signing_key(path, generate=True).private_bytes_raw() == made.private_bytes_raw()
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    path = tmp_path / "audit.pem"

    with ThreadPoolExecutor(8) as pool:
        loading = [pool.submit(load_signing_key, path, generate=True) for _ in range(8)]

    assert len({each.result().private_bytes_raw() for each in loading}) == 1


def test_without_a_key_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as found:
        load_signing_key(tmp_path / "audit.pem")

    message = str(found.value)
    assert "openssl genpkey -algorithm ed25519" in message
    assert "AUDIT_SIGNING_KEY_FILE" in message
    assert "AUDIT_GENERATE_KEY=true" in message
    assert "\n" not in message


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "audit.pem"
    load_signing_key(path, generate=True)
    path.chmod(mode)

    with pytest.raises(ConfigurationError, match=f"chmod 600 {path}"):
        load_signing_key(path, generate=True)


def test_what_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    other = X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for pem in (b"", b"not a key", other):
        path = tmp_path / "audit.pem"
        path.write_bytes(pem)
        path.chmod(0o600)

        with pytest.raises(ConfigurationError, match="no Ed25519 key"):
            load_signing_key(path)


def test_a_place_where_no_file_can_be_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="AUDIT_SIGNING_KEY_FILE"):
        load_signing_key(tmp_path / "file" / "audit.pem", generate=True)
    with pytest.raises(ConfigurationError, match="AUDIT_SIGNING_KEY_FILE"):
        load_signing_key(tmp_path)
