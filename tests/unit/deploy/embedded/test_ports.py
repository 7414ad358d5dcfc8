# SPDX-License-Identifier: Apache-2.0
import socket
from collections.abc import Generator

import pytest

from deploy.embedded.errors import PortBusyError
from deploy.embedded.ports import HOST, free_port, free_ports, is_free, require_free


@pytest.fixture
def busy_port() -> Generator[int]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_somebody_listens_on_is_not_free(busy_port: int) -> None:
    assert not is_free(busy_port)


def test_a_chosen_port_is_free_and_below_those_of_outgoing_connections() -> None:
    port = free_port()

    assert is_free(port)
    assert 20_000 <= port < 30_000


def test_chosen_ports_differ() -> None:
    assert len(set(free_ports(50))) == 50


def test_a_port_is_not_chosen_again_before_somebody_listens_there() -> None:
    """Safeguard: ports are given in turn, so replicas chosen one by one do not share one."""
    assert len({free_port() for _ in range(500)}) == 500


def test_a_busy_port_is_a_line_that_says_what_to_do(busy_port: int) -> None:
    expected = f"port {busy_port} for audit is in use by another program: stop it"

    with pytest.raises(PortBusyError, match=f"^{expected}$"):
        require_free(busy_port, owner="audit", advice="stop it")


def test_a_port_that_a_server_just_gave_up_is_free() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.create_connection((HOST, port)):
            accepted, _ = listener.accept()
            accepted.close()

    assert is_free(port)
