"""All pages of an answer of API v2."""

from __future__ import annotations

from collections.abc import Mapping

from trakt_ical.errors import BrokenAnswer
from trakt_ical.trakt.client import Answer, Client


def pages(client: Client, path: str, query: Mapping[str, str]) -> list[Answer]:
    """All pages of the answer to a GET of *path*; the first one's X-Pagination-Page-Count says how many there are."""
    answers = [client.get(path, query)]
    count = answers[0].headers.get("X-Pagination-Page-Count", "1")
    if not count.isdecimal() or len(count) > 3:
        raise BrokenAnswer(f"{answers[0].request}: Trakt speaks of {count[:20]} pages.")
    return answers + [client.get(path, {**query, "page": str(page)}) for page in range(2, int(count) + 1)]
