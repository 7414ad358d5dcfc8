# SPDX-License-Identifier: Apache-2.0
"""Who is speaking: the resource that every span and metric is sent with."""

from importlib.metadata import PackageNotFoundError, version

from opentelemetry.sdk.resources import OTELResourceDetector, Resource

from shared.ids import new_id
from shared.telemetry import attributes as names

DISTRIBUTION = "agent-runtime"


def build_resource(service: str) -> Resource:
    """Return the resource of a process that runs ``service``.

    What the environment says (``OTEL_SERVICE_NAME``, ``OTEL_RESOURCE_ATTRIBUTES``) wins.
    """
    return Resource.create(
        {
            names.SERVICE_NAME: f"{DISTRIBUTION}-{service}",
            names.SERVICE_VERSION: service_version(),
            names.SERVICE_INSTANCE_ID: str(new_id()),
            **OTELResourceDetector().detect().attributes,
        }
    )


def service_version() -> str:
    """Return the installed version, or ``0`` where the source was never installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"
