"""API v2's pages: which of many entries an answer holds, and the header fields that say so."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

Entry = TypeVar("Entry")


def paged(
    query: Mapping[str, str], entries: Sequence[Entry], *, usual: int, most: int | None = None
) -> tuple[Sequence[Entry], dict[str, str]]:
    """The page of *entries* that is asked for, of *usual* length unless asked otherwise and of *most* at most."""
    page, limit = _positive(query, "page", 1), _positive(query, "limit", usual)
    limit = limit if most is None else min(limit, most)
    return entries[(page - 1) * limit : page * limit], pagination(page, limit, len(entries))


def pagination(page: int, limit: int, count: int) -> dict[str, str]:
    """The header fields of one page of *count* entries."""
    return {
        "X-Pagination-Page": str(page),
        "X-Pagination-Limit": str(limit),
        "X-Pagination-Page-Count": str(max(1, math.ceil(count / limit))),
        "X-Pagination-Item-Count": str(count),
    }


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    asked = query.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked) else default
