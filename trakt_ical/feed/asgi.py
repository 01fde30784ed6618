"""Carries requests to the feed and to the page, by the interface that Python's web servers share (ASGI)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from trakt_ical.checkin.tickets import FOLDER
from trakt_ical.feed import access_log
from trakt_ical.feed.answers import NOT_ALLOWED, NOT_FOUND, Answer, Feed

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def make_page_app(page: Callable[[str], bytes]) -> Application:
    """The application that shows *page*, which is given the address that the request came to."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    from trakt_ical.feed.page import HEADERS

    def show(request: Request) -> Response:  # not a coroutine: it is drawn beside the loop, in a thread
        return Response(page(str(request.base_url).rstrip("/")), headers=dict(HEADERS))

    app = Starlette(
        routes=[Route("/", show)],
        exception_handlers={
            404: lambda request, error: make_response(NOT_FOUND),
            405: lambda request, error: make_response(NOT_ALLOWED),
        },
    )
    app.router.redirect_slashes = False
    return app


def make_response(answer: Answer) -> Response:
    """*answer* in the framework's form."""
    from starlette.responses import Response

    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers)


Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

READ = frozenset((b"accept-encoding", b"if-none-match", b"if-modified-since"))
"""The header fields that decide an answer; nothing is decided by who asks."""


class FeedApp:
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
            await self._counter(
                {**scope, "path": path, "raw_path": b"", "root_path": ""}, receive, _logged(scope, send)
            )
            return
        answer = feed.answer(scope["method"], scope["path"], read_fields(scope["headers"]))
        if answer is None:
            await self._page(_strip_secret(scope, feed.own(scope["path"])), receive, _logged(scope, send))
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})
        if access_log.is_wanted():
            _log_request(scope, answer.status, len(answer.body))


def read_fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Those of *headers* that decide an answer; of a field that comes twice, both as one list (RFC 9110 §5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in READ:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def _strip_secret(scope: Scope, path: str) -> Scope:
    """*scope* with what follows the secret in *path* in its place."""
    below = "/" + path[1:].partition("/")[2]
    return {**scope, "path": below, "raw_path": below.encode(), "root_path": ""}


def _logged(scope: Scope, send: Send) -> Send:
    """*send*, with a line in the access log at the end."""
    if not access_log.is_wanted():
        return send
    status, size = 0, 0

    async def told(message: MutableMapping[str, Any]) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            _log_request(scope, status, size)

    return told


def _log_request(scope: Scope, status: int, size: int) -> None:
    client = scope["client"][0] if scope.get("client") else "-"
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"").decode("latin-1")
    access_log.log_request(
        client, access_log.describe_request(scope["method"], scope["path"], status), status, size, agent
    )
