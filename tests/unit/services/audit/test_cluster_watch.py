# SPDX-License-Identifier: Apache-2.0
from collections.abc import Sequence

import pytest

from services.audit.cluster_watch import ClusterWatch
from shared.errors import DependencyDownError
from shared.messaging import Record
from tests.support.audit_service import record


class Broker:
    """A broker that counts how often it was asked for its id."""

    def __init__(self) -> None:
        self.cluster_id = "first"
        self.asked = 0

    async def ask(self) -> str:
        self.asked += 1
        if not self.cluster_id:
            raise DependencyDownError("Kafka", "no answer")
        return self.cluster_id


async def take(watch: ClusterWatch, records: Sequence[Record]) -> str:
    cluster_id = await watch.cluster_id(records)
    watch.passed(records)
    return cluster_id


async def test_the_broker_is_asked_once_while_offsets_go_on() -> None:
    broker = Broker()
    watch = ClusterWatch(broker.ask)

    assert await take(watch, [record(0), record(1)]) == "first"
    assert await take(watch, [record(2), record(7)]) == "first"
    assert broker.asked == 1


async def test_the_broker_is_asked_again_about_a_new_partition() -> None:
    broker = Broker()
    watch = ClusterWatch(broker.ask)
    await take(watch, [record(5)])
    broker.cluster_id = "second"

    assert await take(watch, [record(6), record(9, partition=1)]) == "second"


@pytest.mark.parametrize("offset", [0, 5])
async def test_the_broker_is_asked_again_when_offsets_begin_again(offset: int) -> None:
    broker = Broker()
    watch = ClusterWatch(broker.ask)
    await take(watch, [record(5)])
    broker.cluster_id = "second"

    assert await take(watch, [record(offset)]) == "second"


async def test_partitions_of_the_cluster_before_are_forgotten() -> None:
    broker = Broker()
    watch = ClusterWatch(broker.ask)
    await take(watch, [record(5), record(5, partition=1)])
    broker.cluster_id = "second"
    await take(watch, [record(0)])
    broker.cluster_id = "third"

    assert await take(watch, [record(9, partition=1)]) == "third"


async def test_nothing_is_taken_for_passed_while_the_broker_does_not_answer() -> None:
    broker = Broker()
    watch = ClusterWatch(broker.ask)
    broker.cluster_id = ""

    with pytest.raises(DependencyDownError):
        await take(watch, [record(0)])

    broker.cluster_id = "second"
    assert await take(watch, [record(0)]) == "second"
