"""Where links that check in lead, in its framework: a ticket is read, a desk answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trakt_ical.export.feed.answers import NOT_FOUND, text
from trakt_ical.export.feed.site import response
from trakt_ical.export.tickets import FOLDER

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from trakt_ical.export.feed.carrier import Application
    from trakt_ical.export.feed.desk import Desk
    from trakt_ical.export.tickets import Tickets

LONGEST_FORM = 4096  # octets
TOO_LONG = text(413, "That is no form of ours.\n")
NOT_ALLOWED = text(405, "Only GET, HEAD and POST are answered here.\n", ((b"allow", b"GET, HEAD, POST"),))


def counter(desk: Desk, tickets: Tickets) -> Application:
    """The application that lets *desk* answer who comes with one of *tickets*; what bears none is 404."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response
    from starlette.routing import Route

    async def answer(request: Request) -> Response:
        ticket = tickets.read(request.scope["path"].removeprefix("/"))
        if ticket is None:
            return response(NOT_FOUND)
        if request.method != "POST":
            reply = await run_in_threadpool(desk.ask, ticket)
            return Response(reply.body, reply.status, dict(reply.headers))
        form = await _form(request)
        if form is None:
            return response(TOO_LONG)
        reply = await run_in_threadpool(desk.answer, ticket, form)
        return Response(reply.body, reply.status, dict(reply.headers))

    app = Starlette(
        routes=[Route(f"/{FOLDER}/{{rest:path}}", answer, methods=["GET", "POST"])],
        exception_handlers={
            404: lambda request, error: response(NOT_FOUND),
            405: lambda request, error: response(NOT_ALLOWED),
        },
    )
    app.router.redirect_slashes = False
    return app


async def _form(request: Request) -> bytes | None:
    """The octets that were sent, None where they are too many for a form, or do not come to an end."""
    from starlette.requests import ClientDisconnect

    form = b""
    try:
        async for part in request.stream():
            form += part
            if len(form) > LONGEST_FORM:
                return None
    except ClientDisconnect:
        return None
    return form
