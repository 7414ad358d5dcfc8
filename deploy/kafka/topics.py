# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.kafka.topics``: create the topics; ``--check`` only compares.

The broker and the layout are those of the variables ``KAFKA_*`` of every service.
"""

import argparse
import asyncio
import sys

from pydantic import ValidationError

from shared.errors import AgentRuntimeError
from shared.messaging.topics_admin import COMMAND, differences, ensure_topics
from shared.settings import KafkaSettings, explain


def main() -> None:
    """Create what is missing, or exit with 1 and in what the cluster differs."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Create and check the topics.")
    parser.add_argument("--check", action="store_true", help="create nothing, only compare")
    check: bool = parser.parse_args().check
    try:
        problems = asyncio.run(_run(KafkaSettings(), check=check))
    except ValidationError as error:
        sys.exit(str(explain(error)))
    except AgentRuntimeError as error:
        sys.exit(str(error))
    if problems:
        sys.exit("\n".join(problems))


async def _run(settings: KafkaSettings, *, check: bool) -> list[str]:
    if not check:
        for name in await ensure_topics(settings):
            sys.stdout.write(f"created {name}\n")
    problems = await differences(settings)
    if not problems:
        sys.stdout.write("all topics are there, and as they should be\n")
    return problems


if __name__ == "__main__":
    main()
