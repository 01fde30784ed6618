"""Carries requests to the feed and to the page, by the interface that Python's web servers share (ASGI)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from trakt_ical.export.feed import logs
from trakt_ical.export.feed.feed import Feed
from trakt_ical.export.tickets import FOLDER

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

READ = frozenset((b"accept-encoding", b"if-none-match", b"if-modified-since"))
"""The header fields that decide an answer; nothing is decided by who asks."""


class Carrier:
    """An ASGI application that answers from the *feed* of the moment; what lies below the page's secret is *page*'s.

    What serves the page sees the path after the secret, and never the secret. Links that check in are *counter*'s.
    """

    def __init__(self, feed: Callable[[], Feed], page: Application, counter: Application | None = None) -> None:
        self._feed = feed
        self._page = page
        self._counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        feed = self._feed()
        if self._counter and (path := feed.own(scope["path"])).startswith(f"/{FOLDER}/"):
            await self._counter({**scope, "path": path, "raw_path": b"", "root_path": ""}, receive, _told(scope, send))
            return
        answer = feed.answer(scope["method"], scope["path"], fields(scope["headers"]))
        if answer is None:
            await self._page(_below_secret(scope, feed.own(scope["path"])), receive, _told(scope, send))
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})
        if logs.wanted():
            _tell(scope, answer.status, len(answer.body))


def fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Those of *headers* that decide an answer; of a field that comes twice, both as one list (RFC 9110 §5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in READ:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def _below_secret(scope: Scope, path: str) -> Scope:
    """*scope* with what follows the secret in *path* in its place."""
    below = "/" + path[1:].partition("/")[2]
    return {**scope, "path": below, "raw_path": below.encode(), "root_path": ""}


def _told(scope: Scope, send: Send) -> Send:
    """*send*, with a line in the access log at the end."""
    if not logs.wanted():
        return send
    status, size = 0, 0

    async def told(message: MutableMapping[str, Any]) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            _tell(scope, status, size)

    return told


def _tell(scope: Scope, status: int, size: int) -> None:
    client = scope["client"][0] if scope.get("client") else "-"
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"").decode("latin-1")
    logs.tell(client, logs.shown(scope["method"], scope["path"], status), status, size, agent)
