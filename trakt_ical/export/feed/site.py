"""The page for people in its framework: what lies below the page's secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from trakt_ical.export.feed.answers import NOT_ALLOWED, NOT_FOUND, Answer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from trakt_ical.export.feed.carrier import Application


def site(page: Callable[[str], bytes]) -> Application:
    """The application that shows *page*, which is given the address that the request came to."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    from trakt_ical.export.pages import HEADERS

    def show(request: Request) -> Response:  # not a coroutine: it is drawn beside the loop, in a thread
        return Response(page(str(request.base_url).rstrip("/")), headers=dict(HEADERS))

    app = Starlette(
        routes=[Route("/", show)],
        exception_handlers={
            404: lambda request, error: response(NOT_FOUND),
            405: lambda request, error: response(NOT_ALLOWED),
        },
    )
    app.router.redirect_slashes = False
    return app


def response(answer: Answer) -> Response:
    """*answer* in the framework's form."""
    from starlette.responses import Response

    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers)
