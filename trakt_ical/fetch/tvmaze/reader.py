"""Answers of TVmaze as episodes of imported shows."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from typing import Any

import msgspec

from trakt_ical.fetch.imported.imported_list import ImportedShow
from trakt_ical.fetch.odd_entries import OddEntries, decode_entries, get_text, name_odd_episode
from trakt_ical.fetch.sources import SOURCES, find_kind, parse_runtime
from trakt_ical.fetch.tvmaze.instant import find_moment, list_channels
from trakt_ical.fetch.tvmaze.kept import ScheduledShow
from trakt_ical.fetch.tvmaze.wire import EpisodeWire, ScheduledEpisode, ShowWire
from trakt_ical.model import Episode, EpisodeKind, OddEntry, Show, Steps, ignore_step
from trakt_ical.trakt.client import Answer

log = logging.getLogger(__name__)

SERVER = SOURCES["tvmaze"].capabilities.server
CREDIT = SOURCES["tvmaze"].capabilities.credit
KINDS: dict[str, tuple[EpisodeKind, ...]] = {
    "shows": tuple(EpisodeKind),
    "new": (EpisodeKind.SERIES_PREMIERE,),
    "premieres": (EpisodeKind.SERIES_PREMIERE, EpisodeKind.SEASON_PREMIERE),
}
"""Which episodes each kind of calendar has: TVmaze marks no finales, and a premiere is what has the number 1."""

_LANGUAGES = (
    "Afrikaans af|Albanian sq|Arabic ar|Armenian hy|Azerbaijani az|Basque eu|Belarusian be|Bengali bn|Bosnian bs"
    "|Bulgarian bg|Catalan ca|Chinese zh|Croatian hr|Czech cs|Danish da|Divehi dv|Dutch nl|English en|Estonian et"
    "|Finnish fi|French fr|Galician gl|Georgian ka|German de|Greek el|Gujarati gu|Hebrew he|Hindi hi|Hungarian hu"
    "|Icelandic is|Indonesian id|Irish ga|Italian it|Japanese ja|Javanese jv|Kannada kn|Kazakh kk|Kongo kg|Korean ko"
    "|Latin la|Latvian lv|Lithuanian lt|Luxembourgish lb|Malay ms|Malayalam ml|Maltese mt|Marathi mr|Mongolian mn"
    "|Norwegian no|Panjabi pa|Pashto ps|Persian fa|Polish pl|Portuguese pt|Romanian ro|Russian ru|Scottish Gaelic gd"
    "|Serbian sr|Sinhalese si|Slovak sk|Slovenian sl|Somali so|Spanish es|Swahili sw|Swedish sv|Tagalog tl|Tamil ta"
    "|Telugu te|Thai th|Turkish tr|Ukrainian uk|Urdu ur|Uzbek uz|Vietnamese vi|Welsh cy|Wolof wo|Xhosa xh|Zulu zu"
)
_CODES = {name.casefold(): code for name, _, code in (each.rpartition(" ") for each in _LANGUAGES.split("|"))}


def read_schedule(answer: Answer) -> list[ScheduledShow]:
    """Return the shows of the schedule, each once; odd entries cost a warning. Raises BrokenAnswer."""
    odd = 0

    def count_odd(entry: Any, problem: str) -> None:
        nonlocal odd
        odd += 1
        log.debug("Left out of the schedule: %s: %s", get_text(entry, "name"), problem)

    shows: dict[int, ScheduledShow] = {}
    for entry in decode_entries(answer, list[ScheduledEpisode], count_odd):
        show = entry.embedded.show
        known = shows.setdefault(show.id, ScheduledShow(show))
        known.specials += entry.number is None
        if entry.airdate and entry.number is not None:
            known.first = min(known.first or entry.airdate, entry.airdate)
    if odd:
        log.warning("Left out: %d entries of TVmaze's schedule are not what TVmaze documents.", odd)
    return list(shows.values())


def make_show(imported: ImportedShow, wire: ShowWire, key: str) -> Show:
    """Return the show *key*: named as the list has it, and otherwise as TVmaze has it.

    A title of the list is Trakt's own, so that events do not change their names with the source.
    """
    channels = list_channels(wire)
    countries = [channel.country.code for channel in channels if channel.country and channel.country.code]
    premiered = (wire.premiered or "")[:4]
    return Show(
        key=key,
        title=imported.title or wire.name,
        network=next((channel.name for channel in channels if channel.name), None),
        genres=tuple(filter(None, wire.genres or ())),
        runtime=parse_runtime(wire.runtime) or parse_runtime(wire.average_runtime),
        slug=imported.slug or None,
        year=imported.year or (int(premiered) if premiered.isdecimal() else None),
        country=countries[0].lower() if countries else None,
        language=_find_language(wire.language),
        rating=wire.rating.average or None if wire.rating else None,
        credit=CREDIT,
    )


def read_episodes(
    answer: Answer, show: Show, wire: ShowWire, *, first: date, odd: OddEntries, steps: bool
) -> Iterator[Episode]:
    """Return the episodes of *show* from the day *first* on; *odd* takes what cannot be read.

    Specials, which have no number, and episodes without a date are left out. Raises BrokenAnswer where the answer is no
    list.
    """
    # There is no last day: an episode that was put off to next year is still listed, so that its event is not called
    # cancelled.
    oldest = first.isoformat()
    note_odd = functools.partial(_note_odd, odd, show)
    for entry in decode_entries(answer, list[EpisodeWire], note_odd):
        if entry.number is None or not entry.airdate or entry.airdate < oldest:
            continue
        try:
            yield _make_episode(entry, show, wire, Steps() if steps else None)
        except ValueError as error:
            note_odd(msgspec.to_builtins(entry), str(error))


def _note_odd(odd: OddEntries, show: Show, entry: Any, problem: str) -> None:
    season, number, code = name_odd_episode(entry)
    odd.explain(show.title or "a show without a title", code, problem)
    for kind in KINDS:
        odd.add(kind, OddEntry(show.key, season, number))


def _make_episode(entry: EpisodeWire, show: Show, wire: ShowWire, steps: Steps | None) -> Episode:
    if entry.season is None or entry.number is None:
        raise ValueError("it has no season")
    starts = find_moment(entry, wire, ignore_step if steps is None else steps)
    if starts is None:
        raise ValueError("it has no date")
    return Episode(
        show=show,
        season=entry.season,
        number=entry.number,
        title=entry.name,
        overview=strip_tags(entry.summary),
        starts=starts,
        runtime=parse_runtime(entry.runtime),
        kind=find_kind(entry.season, entry.number),
        # Answers of 2017 have plain http; the site has not for years.
        link=entry.url.replace("http://", "https://", 1) if entry.url else None,
        episode_id=entry.id,
        steps=tuple(steps or ()),
    )


def _find_language(name: str | None) -> str | None:
    """Return the two-letter code of the language *name*; what has none stays."""
    return _CODES.get((name or "").casefold(), name) or None


class _TextParser(HTMLParser):
    """Collects the text of HTML, with a line break for each paragraph and each break."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  the library's signature
        if tag in ("br", "p", "li"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(" ".join(data.split("\n")))


@functools.lru_cache(maxsize=256)
def strip_tags(html: str | None) -> str | None:
    """Return the text of *html*, None where there is none."""
    if not html:
        return None
    parser = _TextParser()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(filter(None, lines)) or None
