# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, strategies as st

from services.audit.handlers import observe
from services.audit.trail.entry import Entry, pack_headers
from shared.events import MessageReceived
from shared.messaging import Record, headers as names
from shared.messaging.codec import deliver
from shared.messaging.headers import readable
from tests.support.audit_service import message, record
from tests.support.later_version import later_version

anything = st.none() | st.binary(max_size=40)
records = st.builds(
    Record,
    topic=st.just("agent-runtime.domain"),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    timestamp=st.integers(-1, 2**63 - 1),
    key=anything,
    value=anything,
    headers=st.lists(st.tuples(st.text(max_size=10), anything), max_size=5).map(tuple),
)


@given(records)
def test_any_record_at_all_becomes_an_entry_that_commits_to_it(seen: Record) -> None:
    observation = observe(deliver(seen), cluster_id="a-cluster")

    entry, contents = observation.entry, observation.contents
    assert Entry.parse(entry.leaf()) == entry
    assert (contents.key, contents.value) == (seen.key, seen.value)
    assert contents.headers == pack_headers(seen.headers)
    assert entry.payload_digest == contents.payload_digest()
    assert entry.headers_digest == contents.headers_digest()
    assert (entry.event is None) is (entry.problem is not None)


def test_an_event_is_logged_under_its_identity() -> None:
    event = message(3)

    entry = observe(deliver(record(3, event=event)), cluster_id="a-cluster").entry

    assert entry.event is not None
    assert (entry.event.event_id, entry.event.sequence) == (event.event_id, event.sequence)
    assert entry.origin == "agent-runtime/a-cluster/agent-runtime.domain/0"


def test_an_old_event_is_logged_as_what_it_was_written_as() -> None:
    """Safeguard: ``written_type``; a log that says another type than the record proves nothing."""
    seen = record(3, event=message(3))
    written_as = readable(seen.headers)[names.TYPE]

    with later_version(MessageReceived):
        entry = observe(deliver(seen), cluster_id="a-cluster").entry

    assert entry.event is not None
    assert entry.event.event_type == written_as


def test_every_observation_has_a_salt_of_its_own() -> None:
    delivery = deliver(record(0))

    salts = {observe(delivery, cluster_id="a").contents.salt for _ in range(100)}

    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {32}
