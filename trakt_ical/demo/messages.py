"""A request and its answer, before and after they are bytes on a socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request as it came in. Of a query name given twice the last one counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # found in whatever case
    body: bytes

    def bearer(self) -> str | None:
        """The token of the Authorization header."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def json(self) -> Any:
        """The body, decoded. Raises ValueError when it is not JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """A status, header fields and a body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Ends a request early with the *answer* it carries."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def make_json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with *content* as JSON, written without blanks as Trakt does."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def make_empty(status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer without a body, under the content type that Trakt gives its empty refusals."""
    return Answer(status, b"", {"Content-Type": "text/html; charset=utf-8", **(headers or {})})


def make_page(title: str, body: str, status: int = 200) -> Answer:
    """A small HTML page. *body* is HTML, *title* is not."""
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


def make_cloudflare_page(status: int) -> Answer:
    """The page that Cloudflare shows when a request never reached Trakt."""
    page = make_page("Sorry, you have been blocked", f"<p>Stopped on its way to the site (error {status}).</p>", status)
    return Answer(status, page.body, {**page.headers, "Server": "cloudflare", "CF-RAY": "0000000000000000-DMO"})
