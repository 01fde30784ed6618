"""The words of an event, and the cleaning that makes them safe for every calendar program."""

from __future__ import annotations

import enum
import functools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from trakt_ical.model import LONGEST_SUMMARY, Airing, Episode, EpisodeKind, Movie, Release
from trakt_ical.transform.codes import CodeStyle, format_code
from trakt_ical.transform.template import Template, join_texts, parse_template
from trakt_ical.transform.uids import is_premiere

_LINE_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters but TAB and LF, which RFC 5545 §3.1 forbids, and lone surrogates, which UTF-8 cannot carry."""

_SYNTAX = re.compile("((?:BEGIN|END):)(?=V)", re.I)

_URI = re.compile(r"[\w%/:?#\[\]@!$&'()*+,;=~.-]+", re.ASCII)

TRAKT = "https://trakt.tv/"
UNTITLED = "Untitled"
MOVIE = "Movie"  # the kind of one, in CATEGORIES too
RELEASES = {Release.CINEMA: "", Release.STREAMING: "streaming", Release.PHYSICAL: "on disc"}
MINUTE = timedelta(minutes=1)
LONGEST_NETWORK = 40


def clean_text(text: str | None) -> str:
    """Return *text* without what breaks calendar programs. Ordinary text is kept to the letter.

    Control characters go, CR, CRLF and the separators U+2028 and U+2029 become LF, edges are
    trimmed of white space. `BEGIN:VEVENT` and its like get an invisible character, for ts-ics and cal-parser look for
    them anywhere in a line and would lose the event. Found by reading 43 texts back through ten parsers.
    """
    if not text:
        return ""
    if ":" in text:
        text = _SYNTAX.sub("\\1\N{WORD JOINER}", text)
    if text.isprintable():  # so is nearly every title: no control character, no separator but blanks
        return text.strip()
    return _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text)).strip()


_clean_name = functools.lru_cache(maxsize=1024)(clean_text)  # all events of a show have its title and its network


@functools.lru_cache(maxsize=8)  # an event has it twice
def clean_url(url: str | None) -> str:
    """Return *url* as a URI in ASCII; "" where it is no address of the web."""
    quoted = url if url and _URI.fullmatch(url) else quote(clean_text(url), safe="%/:?#[]@!$&'()*+,;=~")
    if quoted.startswith(TRAKT):
        return quoted
    try:
        parts = urlsplit(quoted)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    return quoted if right else ""


A = TypeVar("A", Episode, Movie)
Table: TypeAlias = "Mapping[str, Callable[[Words, A], str]]"


class MarkStyle(enum.Enum):
    """How premieres and finales are marked."""

    OFF = "off"
    WORD = "word"
    SYMBOL = "symbol"


PREMIERE, FINALE = "\N{BLACK STAR}", "\N{BLACK FLAG}"

PARTS = {
    "show": "the show's title",
    "code": "season and number, as the setting code says",
    "title": "the title of the episode (not with spoilers = false) or the movie",
    "season": "the season's number",
    "number": "the episode's number",
    "absolute": "the episode's number counted through all seasons",
    "kind": "Series premiere, Season finale and so on; Movie",
    "mark": "the mark of a premiere or finale, as the setting marks says",
    "release": "streaming or on disc, of a movie that is not in cinemas",
    "network": "the network",
    "genres": "the genres",
    "country": "the country, in two letters",
    "language": "the language, in two letters",
    "certification": "TV-MA, PG-13 and so on",
    "year": "the year of the show or movie",
    "runtime": "how long it takes, in minutes",
    "overview": "the plot (not with spoilers = false)",
    "link": "the page at Trakt",
}
"""The parts of templates, and what they stand for."""

TITLE = "{show} {code} {title} {mark}"
MOVIE_TITLE = "{title} [({release})]"
DESCRIPTION = "{overview}\n\n{network}\n\n{link}"
_USUAL = {text: parse_template(text, PARTS) for text in (TITLE, MOVIE_TITLE, DESCRIPTION)}


class Words(msgspec.Struct, frozen=True, dict=True):
    """How events read. Without *spoilers* they show neither the plot nor the title of an episode."""

    title: Template = msgspec.field(default_factory=lambda: _USUAL[TITLE])
    movie_title: Template = msgspec.field(default_factory=lambda: _USUAL[MOVIE_TITLE])
    description: Template = msgspec.field(default_factory=lambda: _USUAL[DESCRIPTION])
    location: Template | None = None
    code: CodeStyle = CodeStyle.SHORT
    marks: MarkStyle = MarkStyle.OFF
    spoilers: bool = True

    def make_summary(self, airing: Airing) -> str:
        """Return the title of an event: one line, never empty."""
        if isinstance(airing, Movie):
            return _join_lines(self._of_movies[0](self, airing)) or UNTITLED
        return _join_lines(self._of_episodes[0](self, airing)) or format_code(airing, self.code)

    def make_description(self, airing: Airing) -> str:
        """Return the description; "" where nothing is known."""
        return (self._of_movies if isinstance(airing, Movie) else self._of_episodes)[1](self, airing).strip()

    def make_location(self, airing: Airing) -> str:
        """Return the location, "" where there is none: most programs look a network up on a map."""
        if self.location is None:
            return ""
        table: Table[Any] = _OF_MOVIES if isinstance(airing, Movie) else _OF_EPISODES
        return _join_lines(self.location.bind(table)(self, airing))

    @functools.cached_property
    def _of_episodes(self) -> tuple[Callable[..., str], Callable[..., str]]:
        """The functions that render title and description of an episode."""
        return self.title.bind(_OF_EPISODES), self.description.bind(_OF_EPISODES)

    @functools.cached_property
    def _of_movies(self) -> tuple[Callable[..., str], Callable[..., str]]:
        return self.movie_title.bind(_OF_MOVIES), self.description.bind(_OF_MOVIES)

    def get_episode_title(self, episode: Episode) -> str:
        """Return the title of *episode*, "" where it would be a spoiler."""
        return clean_text(episode.title) if self.spoilers else ""

    def make_group_summary(self, members: Sequence[Episode]) -> str:
        """`Show S03 (8 episodes)`; without a season where *members* are of several."""
        first = members[0]
        season = f"S{first.season:02d}" if len({member.season for member in members}) == 1 else ""
        show, count = clean_text(first.show.title), f"({len(members)} episodes)"
        return join_texts(show, " ", f"{season} {count}" if season else count) if show else f"{season} {count}".strip()

    def make_group_description(self, members: Sequence[Episode]) -> str:
        """Return the list of *members*, then network and address of the first."""
        first = members[0]
        listed = "\n".join(
            " ".join(filter(None, (format_code(each, self.code), self.get_episode_title(each)))) for each in members
        )
        return "\n\n".join(filter(None, (listed, clean_text(first.show.network), clean_url(first.link))))


def find_network(description: str, link: str) -> str:
    """Return the network in a *description* by the usual template, just before the *link*; "" where none is there.

    An airing without a network has the end of its plot there, which is mostly long or ends like a sentence.
    """
    paragraphs = description.split("\n\n")
    if not link or link not in paragraphs[1:]:
        return ""
    name = paragraphs[paragraphs.index(link, 1) - 1]
    is_sentence = name.endswith((".", "?", "…", "”", '"')) or (" " in name and name.endswith("!"))
    return "" if is_sentence or "\n" in name or len(name) > LONGEST_NETWORK else name


def shorten_summary(text: str) -> str:
    """Return *text*, cut at a word where it is longer than Exchange takes (255) and people read."""
    if len(text) <= LONGEST_SUMMARY:
        return text
    end = LONGEST_SUMMARY - 1
    word = text.rfind(" ", 0, end + 1)
    if word >= LONGEST_SUMMARY // 2:
        end = word
    # Where there is no blank, as in Japanese, the cut must not part a letter from its marks, or an emoji in two.
    while end > 1 and (unicodedata.category(text[end]) in ("Mn", "Mc", "Me", "Cf", "Sk") or text[end - 1] == "\u200d"):
        end -= 1
    return f"{text[:end].rstrip(' ,;:–-')}…"


def _join_lines(text: str) -> str:
    return (" ".join(text.split("\n")) if "\n" in text else text).strip()


def _format_runtime(runtime: timedelta | None) -> str:
    return f"{runtime // MINUTE} min" if runtime else ""


def _leave_empty(words: Words, airing: Airing) -> str:  # noqa: ARG001  a part that such an airing does not have
    return ""


def format_mark(kind: EpisodeKind, style: MarkStyle) -> str:
    """Return the mark of a premiere or finale, "" for other episodes."""
    if style is MarkStyle.OFF or kind is EpisodeKind.STANDARD:
        return ""
    if style is MarkStyle.WORD:
        return f"({kind.value})"
    return PREMIERE if is_premiere(kind) else FINALE


@functools.lru_cache(maxsize=1024)
def list_categories(genres: tuple[str, ...], *kinds: str) -> tuple[str, ...]:
    """Return *kinds* and the genres, each once, with a capital: v1 writes `Science Fiction`, v2 `science-fiction`."""
    names = (*kinds, *(clean_text(genre).replace("-", " ").capitalize() for genre in genres))
    return tuple(dict.fromkeys(filter(None, names)))


_OF_EPISODES: Table[Episode] = {
    "show": lambda words, episode: _clean_name(episode.show.title),
    "code": lambda words, episode: format_code(episode, words.code),
    "title": lambda words, episode: words.get_episode_title(episode),
    "season": lambda words, episode: str(episode.season),
    "number": lambda words, episode: str(episode.number),
    "absolute": lambda words, episode: str(episode.absolute or ""),
    "kind": lambda words, episode: episode.kind.value,
    "mark": lambda words, episode: format_mark(episode.kind, words.marks),
    "release": _leave_empty,
    "network": lambda words, episode: _clean_name(episode.show.network),
    "genres": lambda words, episode: ", ".join(list_categories(episode.show.genres)),
    "country": lambda words, episode: clean_text(episode.show.country),
    "language": lambda words, episode: clean_text(episode.show.language),
    "certification": lambda words, episode: clean_text(episode.show.certification),
    "year": lambda words, episode: str(episode.show.year or ""),
    "runtime": lambda words, episode: _format_runtime(episode.runtime or episode.show.runtime),
    "overview": lambda words, episode: clean_text(episode.overview) if words.spoilers else "",
    "link": lambda words, episode: clean_url(episode.link),
}

_OF_MOVIES: Table[Movie] = {
    **dict.fromkeys(("show", "code", "season", "number", "absolute", "mark", "network"), _leave_empty),
    "title": lambda words, movie: clean_text(movie.title) or UNTITLED,
    "kind": lambda words, movie: MOVIE,
    "release": lambda words, movie: RELEASES[movie.release],
    "genres": lambda words, movie: ", ".join(list_categories(movie.genres)),
    "country": lambda words, movie: clean_text(movie.country),
    "language": lambda words, movie: clean_text(movie.language),
    "certification": lambda words, movie: clean_text(movie.certification),
    "year": lambda words, movie: str(movie.year or ""),
    "runtime": lambda words, movie: _format_runtime(movie.runtime),
    "overview": lambda words, movie: clean_text(movie.overview) if words.spoilers else "",
    "link": lambda words, movie: clean_url(movie.link),
}
