# SPDX-License-Identifier: Apache-2.0
"""``agentctl events``: the records of any topic, as they are on Kafka.

Nothing here joins a group or commits an offset, so that no service notices.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import typer

from services.agentctl.errors import CommandError
from services.agentctl.kafka import kafka_settings, run
from services.agentctl.moments import parse_moment
from services.agentctl.records.matching import HeaderMatch, Wanted
from services.agentctl.records.printer import Format, Printer
from shared.clock import SystemClock
from shared.events import EventLevel, Topics
from shared.messaging import Record, deliver
from shared.messaging.inspection.following import follow
from shared.messaging.inspection.reading import read
from shared.messaging.inspection.selection import Selection
from shared.settings import KafkaSettings

Topic = Annotated[
    list[str] | None,
    typer.Option(
        "--topic",
        help="A topic: domain, infrastructure, dlq, or any full name. Default: both levels.",
    ),
]
Partition = Annotated[int | None, typer.Option(min=0, help="Only this partition.")]
Session = Annotated[str | None, typer.Option(help="Only events of this session.")]
Type = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only this type, such as message_received or 'tool_*'."),
]
Level = Annotated[EventLevel | None, typer.Option(help="Only events of this level.")]
Correlation = Annotated[str | None, typer.Option(help="Only with this correlation id.")]
Header = Annotated[
    list[str] | None,
    typer.Option("--header", help="Only with this header, NAME or NAME=VALUE."),
]
Limit = Annotated[int, typer.Option(min=0, help="End after so many; 0: never.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each record.")]
AsRaw = Annotated[bool, typer.Option("--raw", help="Print the bytes of the values.")]
Since = Annotated[str | None, typer.Option(help="Not older: a time, or an age such as 15m.")]
Until = Annotated[str | None, typer.Option(help="Older than this time or age.")]

app = typer.Typer(no_args_is_help=True, help="The records on Kafka.")


@app.command()
def cat(
    *,
    topic: Topic = None,
    partition: Partition = None,
    session: Session = None,
    type_: Type = None,
    level: Level = None,
    correlation: Correlation = None,
    header: Header = None,
    since: Since = None,
    until: Until = None,
    from_offset: Annotated[int, typer.Option(min=0, help="From this offset on.")] = 0,
    until_offset: Annotated[int | None, typer.Option(min=0, help="Before this offset.")] = None,
    limit: Limit = 0,
    as_json: AsJson = False,
    as_raw: AsRaw = False,
) -> None:
    """Print what is on the topics now, oldest first, and end."""
    settings = kafka_settings()
    now = SystemClock().now()
    selection = Selection(
        topics=_names(topic, settings),
        partition=partition,
        from_offset=from_offset,
        until_offset=until_offset,
        since=parse_moment(since, now=now) if since else None,
        until=parse_moment(until, now=now) if until else None,
    )
    wanted = _wanted(session, type_, level, correlation, header)
    printer = Printer(
        _format(as_json=as_json, as_raw=as_raw),
        prefix=settings.topic_prefix,
        with_session=session is None,
    )
    run(_print(read(settings, selection), settings, wanted, printer, limit))


@app.command()
def tail(
    *,
    topic: Topic = None,
    partition: Partition = None,
    session: Session = None,
    type_: Type = None,
    level: Level = None,
    correlation: Correlation = None,
    header: Header = None,
    last: Annotated[int, typer.Option(min=0, help="Begin so far back, in each partition.")] = 0,
    limit: Limit = 0,
    as_json: AsJson = False,
    as_raw: AsRaw = False,
) -> None:
    """Print records as they come, until Ctrl-C."""
    settings = kafka_settings()
    selection = Selection(topics=_names(topic, settings), partition=partition)
    wanted = _wanted(session, type_, level, correlation, header)
    printer = Printer(
        _format(as_json=as_json, as_raw=as_raw),
        prefix=settings.topic_prefix,
        with_session=session is None,
    )
    run(_print(follow(settings, selection, last=last), settings, wanted, printer, limit))


async def _print(
    records: AsyncGenerator[Record],
    settings: KafkaSettings,
    wanted: Wanted,
    printer: Printer,
    limit: int,
) -> None:
    count = 0
    async with aclosing(records):
        async for record in records:
            delivery = deliver(record, max_bytes=settings.max_record_bytes)
            if wanted.holds(delivery):
                printer.show(delivery)
                count += 1
            if limit and count >= limit:
                return


def _names(given: list[str] | None, settings: KafkaSettings) -> list[str]:
    """Return full names; those of the installation may go without the prefix."""
    topics = Topics(settings.topic_prefix)
    if not given:
        return [topics.domain, topics.infrastructure]
    ours = {each.name for each in topics.specifications()}
    full = [f"{settings.topic_prefix}.{name}" for name in given]
    return [long if long in ours else name for long, name in zip(full, given, strict=True)]


def _wanted(
    session: str | None,
    types: list[str] | None,
    level: EventLevel | None,
    correlation: str | None,
    headers: list[str] | None,
) -> Wanted:
    return Wanted(
        session=session,
        types=types or (),
        level=level,
        correlation=correlation,
        headers=[HeaderMatch.parse(each) for each in headers or ()],
    )


def _format(*, as_json: bool, as_raw: bool) -> Format:
    if as_json and as_raw:
        raise CommandError("--json and --raw are two formats; choose one")
    return Format.JSON if as_json else Format.RAW if as_raw else Format.TABLE
