# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.support.kafka [arguments of pytest]``: run on Kafka what needs a broker.

The cluster is the one at ``AGENT_RUNTIME_TEST_KAFKA`` or ``KAFKA_BOOTSTRAP_SERVERS``; without
either, a node of our own is started, and ended afterwards.
"""

import asyncio
import sys

from deploy.embedded.interrupts import interruptible
from shared.errors import AgentRuntimeError
from tests.support.kafka.session import run_tests


def main() -> None:
    """Leave with the exit code of pytest, or with one line that says why it did not run."""
    try:
        sys.exit(asyncio.run(_run()))
    except AgentRuntimeError as error:
        sys.exit(str(error))


async def _run() -> int:
    return await interruptible(lambda _: run_tests(sys.argv[1:]))


if __name__ == "__main__":
    main()
