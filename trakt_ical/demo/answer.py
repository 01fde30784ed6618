"""What is asked and what is answered, before and after it is octets on a socket."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any


class Headers(Mapping[str, str]):
    """Header fields, found in whatever case they are asked for."""

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): (name, text) for name, text in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


@dataclass(frozen=True)
class Seen:
    """One request as it came in. Of a query name given twice the last one counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
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


class Refused(Exception):
    """Ends a request early with the *answer* it carries."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """*content* as JSON, written without blanks as Trakt does."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def empty_answer(status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """No body, under the content type Trakt gives its empty refusals."""
    return Answer(status, b"", {"Content-Type": "text/html; charset=utf-8", **(headers or {})})


def page(title: str, body: str, status: int = 200) -> Answer:
    """A small HTML page. *body* is HTML, *title* is not."""
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


def cloudflare(status: int) -> Answer:
    """The page Cloudflare shows when the request never came as far as Trakt."""
    shown = page(
        "Sorry, you have been blocked",
        f"<p>This request was stopped on its way to the site (error {status}).</p>",
        status,
    )
    return Answer(
        status,
        shown.body,
        {**shown.headers, "Server": "cloudflare", "CF-RAY": "0000000000000000-DMO"},
    )
