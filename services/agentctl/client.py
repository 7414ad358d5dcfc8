# SPDX-License-Identifier: Apache-2.0
"""Asks services over HTTP; whatever goes wrong is one line that says what to do."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any, Self

import httpx
from pydantic import BaseModel, ValidationError

from services.agentctl.addresses import Address, addresses
from services.agentctl.errors import CommandError, NoAnswerError, NotThereError
from services.agentctl.settings import AgentctlSettings
from services.agentctl.sse import MEDIA_TYPE, Item, parse
from services.agentctl.text import one_line
from shared.ids import new_id

NOTHING = 204
NOT_FOUND = 404
PASSING = frozenset({429, 502, 503, 504})
"""Answers that say to try again later."""

Value = str | int | list[str] | None
Query = Mapping[str, Value]


class _Problem(BaseModel):
    """The part of problem details (RFC 9457) that is of interest here."""

    title: str = ""
    detail: str = ""


class Services:
    """The services of an installation; use it as a context manager."""

    def __init__(self, settings: AgentctlSettings) -> None:
        self.addresses = addresses(settings)
        self._http = httpx.Client(timeout=settings.timeout.total_seconds(), trust_env=False)

    def __enter__(self) -> Self:
        """Return these services."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, service: str, path: str, /, **query: Value) -> Any:
        """Return the JSON that a service answers; a query that is None is left out.

        Raises:
            CommandError: the service does not answer, or refuses.
        """
        return self._json(service, self._send(service, "GET", path, query=query))

    def text(self, service: str, path: str, /, **query: Value) -> str:
        """Return the text that a service answers; a query that is None is left out.

        Raises:
            CommandError: the service does not answer, or refuses.
        """
        return self._send(service, "GET", path, query=query).text

    def post(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        """Return what a service answers to a request that changes something, made once.

        Raises:
            NotThereError: the service has nothing by that name.
            CommandError: the service does not answer, or refuses.
        """
        return self._json(service, self._send(service, "POST", path, body=body))

    def upload(self, service: str, path: str, file: IO[bytes], *, kind: str, query: Query) -> Any:
        """Return what a service answers to a file of media type ``kind``, however large it is.

        The service reads all of it before it answers, so there is no limit to how long that takes.

        Raises:
            CommandError: the service does not answer, or refuses.
        """
        address = self.addresses[service]
        given = {name: value for name, value in query.items() if value is not None}
        usual = self._http.timeout
        try:
            response = self._http.post(
                f"{address.url}{path}",
                params=given,
                content=file,
                headers={"Content-Type": kind},
                timeout=httpx.Timeout(
                    connect=usual.connect, write=usual.write, pool=usual.pool, read=None
                ),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _no_answer(service, address, error) from error
        return self._json(service, _accepted(service, response))

    @contextmanager
    def stream(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[Iterator[Item] | None]:
        """Give what a service streams, or None if it says that there is nothing to stream.

        Raises:
            NoAnswerError: the service does not answer, is not ready, or the connection is lost.
            CommandError: it refuses.
        """
        address = self.addresses[service]
        given = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            with self._http.stream(
                method,
                f"{address.url}{path}",
                params=given,
                json=body,
                headers={"Accept": MEDIA_TYPE, **(headers or {})},
            ) as response:
                if not response.is_success:
                    response.read()
                    said = f"{service}: {_refusal(response)}"
                    if response.status_code in PASSING:
                        raise NoAnswerError(said, reason=said)
                    raise CommandError(said)
                yield None if response.status_code == NOTHING else parse(response.iter_lines())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _no_answer(service, address, error) from error

    def probe(self, service: str, path: str) -> httpx.Response:
        """Return whatever a service answers, also if that is bad news.

        Raises:
            NoAnswerError: it does not answer.
        """
        return self._request(service, "GET", path)

    def _send(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        return _accepted(service, self._request(service, method, path, query=query, body=body))

    def _request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        address = self.addresses[service]
        given = {name: value for name, value in (query or {}).items() if value is not None}
        headers = {"Idempotency-Key": str(new_id())} if method == "POST" else {}
        try:
            return self._http.request(
                method, f"{address.url}{path}", params=given, json=body, headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _no_answer(service, address, error) from error

    def _json(self, service: str, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError as error:
            url = self.addresses[service].url
            raise CommandError(f"what answers at {url} is not {service}: no JSON") from error


def _accepted(service: str, response: httpx.Response) -> httpx.Response:
    if response.status_code == NOT_FOUND:
        raise NotThereError(f"{service}: {_refusal(response)}")
    if not response.is_success:
        raise CommandError(f"{service}: {_refusal(response)}")
    return response


def _no_answer(service: str, address: Address, error: Exception) -> NoAnswerError:
    reason = one_line(str(error)) or type(error).__name__
    where = f"{address.url} ({address.named_by})"
    return NoAnswerError(f"{service} does not answer at {where}: {reason}", reason=reason)


def _refusal(response: httpx.Response) -> str:
    try:
        problem = _Problem.model_validate_json(response.content)
    except ValidationError:
        problem = _Problem()
    said = problem.detail or problem.title
    return one_line(said) or f"answered {response.status_code} {response.reason_phrase}"
