"""The feed as an ASGI application: takes each request from the web server and sends the answer decided elsewhere.

There are six routes: a calendar, the page, check-in links, `/robots.txt`, `/healthz` and `/metrics`. Most answers for a
calendar need nothing that is not in memory and go out at once. A calendar that has to be read from disk, the page,
metrics and check-in links run in a thread, so that they hold up nobody else.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from trakt_ical.feed import access_log
from trakt_ical.feed.answers import (
    BODY_TOO_LARGE,
    FETCH_MODE,
    NOT_ALLOWED,
    NOT_FOUND,
    NOT_READABLE,
    READ_METHODS,
    Answer,
    Download,
    answer_fixed,
    make_html_answer,
)
from trakt_ical.feed.directory import Feeds, PageSource
from trakt_ical.feed.metrics import PATH as METRICS
from trakt_ical.feed.metrics import MetricsPage
from trakt_ical.feed.page import HEADERS
from trakt_ical.http import ListenAddress

T = TypeVar("T")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CONDITIONS = frozenset((b"accept-encoding", b"if-none-match", b"if-modified-since", FETCH_MODE))
"""The header fields that are looked at. No answer depends on who asks."""
LONGEST_BODY = 4096  # octets of a request's body; a form of ours has 60
LONGEST_DISCARDED = 10_000_000  # octets of a longer one that are read before the answer
MOST_TRIES = 3  # to read a stored copy that is being replaced
FIXED = {"/healthz": "health", "/robots.txt": "robots"}
"""What is counted under a name of its own."""
THREADS = 40  # check-ins may wait for Trakt, so a few of them must not block the page
_HOST = re.compile(r"(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)


class Route(Protocol):
    """Answers every request for a path below *path*, which begins and ends with a slash.

    `respond` runs in a thread, several at a time, and may wait for Trakt.
    """

    path: str

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer. *path* is decoded and has no prefix of a proxy; *body* is empty unless for POST."""


class FeedsSource(Protocol):
    """Holds the feeds as they are now."""

    feeds: Feeds


class FeedApp:
    """The ASGI application. *directory* holds what is served now; *check_in* answers links, None: there are none.

    *metrics* answers `/metrics`, None: nobody may read it. It is replaced where the settings change.
    """

    def __init__(
        self, directory: FeedsSource, check_in: Route | None = None, metrics: MetricsPage | None = None
    ) -> None:
        self._directory = directory
        self._check_in = check_in
        self.metrics = metrics
        self.counts: Counter[tuple[str, int]] = Counter()
        """How many answers there were, by what was asked for and by status."""
        # Threads of our own: asyncio's few are also needed to look for renewed secrets each second, and the server
        # waits for all of them when it ends.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="answer")
        self._pending: set[Future[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        feeds, method = self._directory.feeds, scope["method"]
        path = feeds.strip_prefix(scope["path"])
        body: bytes | None = b"" if method in READ_METHODS else await read_body(receive)
        if self._check_in is not None and path.startswith(self._check_in.path):
            route, answer = "check_in", await self._respond(self._check_in, method, path, body)
        elif path == METRICS and (metrics := self._find_metrics(scope)) is not None:
            route, answer = "metrics", await self._answer_metrics(metrics, method, scope)
        else:
            route, answer = await self._answer(scope, method, path)
        self.counts[route, answer.status] += 1
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})
        if access_log.is_enabled():
            access_log.log_request(scope, answer.status, len(answer.body))

    def close(self) -> bool:
        """Start no more answers; return whether none is being made."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        return all(future.done() for future in list(self._pending))

    def _find_metrics(self, scope: Scope) -> MetricsPage | None:
        """Return the page of metrics if whoever asks may read it."""
        client = scope["client"][0] if scope.get("client") else ""
        return self.metrics if self.metrics is not None and self.metrics.is_open_to(client, scope["headers"]) else None

    async def _answer_metrics(self, metrics: MetricsPage, method: str, scope: Scope) -> Answer:
        return answer_fixed(await self._run(metrics.make_answer, find_header(scope, b"accept")), method)

    async def _answer(self, scope: Scope, method: str, path: str) -> tuple[str, Answer]:
        """Return what was asked for, and the answer."""
        conditions = read_conditions(scope["headers"])
        for _ in range(MOST_TRIES):
            # Anew each time: a copy that was replaced meanwhile is another calendar, with other tags.
            found = self._directory.feeds.answer(method, path, conditions, scope["query_string"])
            if isinstance(found, Answer):
                return FIXED.get(path, "unknown" if found.status == 404 else "calendar"), found
            if not isinstance(found, Download):
                return "page", await self._answer_page(found, method, path, find_base_url(scope))
            if (made := await self._run(found.make)) is not None:
                return "calendar", made
        return "calendar", NOT_READABLE

    async def _respond(self, route: Route, method: str, path: str, body: bytes | None) -> Answer:
        if body is None:
            return BODY_TOO_LARGE
        answer = await self._run(route.respond, method, path, body)
        return answer.without_body() if method == "HEAD" else answer

    async def _answer_page(self, page: PageSource, method: str, path: str, base_url: str) -> Answer:
        if path[1:].partition("/")[2]:  # something below the page, where nothing is
            return NOT_FOUND
        if method not in READ_METHODS:
            return NOT_ALLOWED
        answer = await self._run(_make_page_answer, page, base_url)
        return answer.without_body() if method == "HEAD" else answer

    async def _run(self, call: Callable[..., T], *arguments: object) -> T:
        future = self._threads.submit(call, *arguments)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return await asyncio.wrap_future(future)


def _make_page_answer(page: PageSource, base_url: str) -> Answer:
    return make_html_answer(200, page.render_page(base_url), HEADERS)


def read_conditions(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return those of *headers* that decide an answer; a field sent twice is one list (RFC 9110 §5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in CONDITIONS:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def find_header(scope: Scope, wanted: bytes) -> str:
    """Return the header field *wanted*, in lower case, of a request; "" where it has none."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def find_base_url(scope: Scope) -> str:
    """Return the scheme and host of a request, for the addresses on the page where `public_url` is not set.

    A `Host` that is not a host would end up in those addresses, so the socket's own address takes its place.
    """
    host = find_header(scope, b"host")
    if not _HOST.fullmatch(host):
        host = str(ListenAddress(*scope["server"]))
    return f"{scope['scheme']}://{host}"


async def read_body(receive: Receive) -> bytes | None:
    """Return the body of a request; None where it is longer than LONGEST_BODY, or the client left before its end."""
    # A longer body is read as well, and thrown away: a connection that is closed before all is read is reset, and the
    # client, or a proxy before us, never sees the answer.
    body, length, more = b"", 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        body = body + part if length <= LONGEST_BODY else b""
        if message["type"] == "http.disconnect" or length > LONGEST_DISCARDED:
            return None
        more = message.get("more_body", False)
    return body if length <= LONGEST_BODY else None
