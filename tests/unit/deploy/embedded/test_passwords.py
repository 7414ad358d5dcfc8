# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
from urllib.parse import quote

from deploy.embedded.passwords import kept_password, new_password


def test_passwords_differ_and_need_no_quoting() -> None:
    passwords = {new_password() for _ in range(100)}

    assert len(passwords) == 100
    assert all(quote(password, safe="") == password for password in passwords)


def test_a_kept_password_stays_the_same_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "password"

    first, second = kept_password(path), kept_password(path)

    assert first == second
    assert path.stat().st_mode & 0o777 == 0o600
