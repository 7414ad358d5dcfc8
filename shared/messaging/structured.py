# SPDX-License-Identifier: Apache-2.0
"""A record as one JSON document: CloudEvents 1.0 in structured mode, for what is not Kafka."""

from pydantic_core import to_json

from shared.messaging import headers as names
from shared.messaging.headers import Headers, readable
from shared.messaging.records import OutgoingRecord

_PREFIX = "ce_"


def structured(record: OutgoingRecord) -> str:
    """Return the event of a record that ``encode`` made, as one line of JSON."""
    found = readable(record.headers)
    attributes = {
        name.removeprefix(_PREFIX): value
        for name, value in found.items()
        if name.startswith(_PREFIX)
    }
    attributes["datacontenttype"] = found[names.CONTENT_TYPE]
    head = to_json(attributes)
    return (head[:-1] + b',"data":' + (record.value or b"null") + b"}").decode()


def sequence_of(headers: Headers) -> int:
    """Return the number of an event that ``encode`` made, in its aggregate."""
    return int(readable(headers)[names.SEQUENCE])
