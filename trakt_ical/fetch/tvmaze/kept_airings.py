"""What is known of a list's shows as airings: the kept answers, read where something changed."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from datetime import timedelta
from itertools import chain

import msgspec

from trakt_ical.errors import BrokenAnswer
from trakt_ical.fetch.imported.imported_list import ImportedShow
from trakt_ical.fetch.odd_entries import OddEntries
from trakt_ical.fetch.sources import Fetched, FetchRequest, hash_answers
from trakt_ical.fetch.tvmaze.kept import Facts, KeptAnswers
from trakt_ical.fetch.tvmaze.match import make_show_key
from trakt_ical.fetch.tvmaze.reader import KINDS, SERVER, make_show, read_episodes
from trakt_ical.model import Episode, OddEntry
from trakt_ical.trakt.client import Answer

log = logging.getLogger(__name__)


class AnswersTvmaze:
    """What is known of the *shows* of a list, which are paired as *facts* say; the answers are *kept*.

    *missed*: the keys of shows that a doubtful schedule lacks.
    """

    def __init__(
        self,
        request: FetchRequest,
        shows: Mapping[str, ImportedShow],
        facts: Facts,
        kept: KeptAnswers,
        missed: frozenset[str],
    ) -> None:
        self._request = request
        self._shows = shows
        self._facts = facts
        self._kept = kept
        self._missed = missed

    @functools.cached_property
    def digest(self) -> str:
        """The hash of the list, the pairs, what the shows are like, and all answers about their episodes."""
        facts = self._facts
        about = [facts.shows[number].show for number in facts.numbers]
        head = msgspec.json.encode([self._shows, facts.pairs, facts.off, about, sorted(self._missed)])
        bodies = (self._kept.load_episodes(number) or b"" for number in facts.numbers)
        return hash_answers(chain([head], bodies))

    def read(self) -> Fetched:
        """Return the airings. Answers are read one by one, to keep memory low."""
        first = min(days.first for days in self._request.days.values()) - timedelta(days=2)
        odd, episodes, unread = OddEntries(), list[Episode](), set[str]()
        broken: BrokenAnswer | None = None
        for key, imported in self._shows.items():
            numbers = self._facts.pairs.get(key, [])
            if not numbers:
                unread.add(key)
            for number in numbers:
                wire = self._facts.shows[number].show
                show = make_show(imported, wire, make_show_key(key, numbers[0]))
                answer = Answer("kept episodes", 200, {}, self._kept.load_episodes(number) or b"", server=SERVER)
                if answer.octets.strip() == b"[]":  # a paired show had episodes: something is missing
                    unread.add(show.key)
                try:
                    found = list(read_episodes(answer, show, wire, first=first, odd=odd, steps=self._request.steps))
                except BrokenAnswer as error:
                    log.warning("%s is left as it is: %s", show.title, error)
                    unread.add(show.key)
                    self._kept.delete_episodes(number)  # so that the next run asks again
                    broken = error
                    continue
                episodes += found
        if broken and not episodes:
            raise broken
        odd.warn()
        for kind in self._request.days:
            odd.add(kind, OddEntry(season=0))  # TVmaze gives specials no number, so nothing is known of any
        hidden = self._list_hidden()
        return Fetched(
            {kind: [each for each in episodes if each.kind in KINDS[kind]] for kind in self._request.days},
            hidden=hidden,
            odd=odd.found,
            unread=frozenset(unread - hidden),
            missed=self._missed,
        )

    def _list_hidden(self) -> frozenset[str]:
        """Return the keys of the shows that the list has as hidden, or the user does not want."""
        pairs, off = self._facts.pairs, set(self._facts.off)
        unwanted = (key for key, show in self._shows.items() if show.hidden or key in off)
        return frozenset(make_show_key(key, next(iter(pairs.get(key, ())), 0)) for key in unwanted)
