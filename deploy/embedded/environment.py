# SPDX-License-Identifier: Apache-2.0
"""What our children see of the environment: servers next to nothing, services nearly all."""

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import deploy

_FOR_SERVERS = ("PATH", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ADDRESSES = ("KAFKA_", "DATABASE_", "REDIS_", "HTTP_HOST", "HTTP_PORT")


def server_environment() -> dict[str, str]:
    """Return the environment of a server: no setting of ours or of OpenTelemetry reaches it."""
    kept = {name: value for name, value in _ours().items() if name in _FOR_SERVERS}
    return {**kept, "LC_ALL": "C", "NO_COLOR": "1"}


def service_environment(
    settings: Mapping[str, str], *, defaults: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return our own environment with ``settings`` in place of other servers' addresses.

    Everything else is passed on: the keys of model providers, ``OTEL_*``, a service's own settings.
    ``defaults`` count where neither has a variable.
    """
    kept = {name: value for name, value in _ours().items() if not name.startswith(_ADDRESSES)}
    return {**(defaults or {}), **kept, **_python_path(), "PYTHONUNBUFFERED": "1", **settings}


def kafka_variables() -> dict[str, str]:
    """Return the variables by which we were told of a Kafka cluster."""
    return {name: value for name, value in _ours().items() if name.startswith("KAFKA_")}


def _python_path() -> dict[str, str]:
    """Let children find a checkout that is not installed, as we found it."""
    source = str(Path(deploy.__file__).resolve().parent.parent)
    if source == str(Path(sysconfig.get_path("purelib")).resolve()):
        return {}
    paths = [source, _ours().get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _ours() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 -- it is not read as configuration, it is passed on
