"""The stages in their order: fetch, transform, export. Only this module says who follows whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from trakt_ical.export.ics import Look, Scope
from trakt_ical.export.memory import Listing, Retention, Revision
from trakt_ical.export.previous import Previous, category
from trakt_ical.model import Airing, DateRange, Episode, Fetched, local_date
from trakt_ical.transform.events import events, key, uid
from trakt_ical.transform.kinds import asked_for
from trakt_ical.transform.rules import Rules

Progress = Callable[[int, int], object]
Remember = Callable[[], Previous | None]


class Source(Protocol):
    """Where airings come from."""

    def fetch(self, days: DateRange, progress: Progress) -> Fetched:
        """What airs on *days*, and may air around them; *progress* hears how many requests are done, of how many."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a calendar is made of: which *days*, counted in *zone*, shown how, and remembered for how long."""

    days: DateRange
    zone: tzinfo
    rules: Rules
    look: Look
    scope: Scope
    retention: Retention


def revision(source: Source, recipe: Recipe, remember: Remember, now: datetime, progress: Progress) -> Revision:
    """The step from the previous calendar, which *remember* gives, to one of what Trakt lists now."""
    fetched = source.fetch(recipe.days, progress)
    previous = remember()  # not earlier: answers and calendar may be large, and so they never meet
    airings = {uid(airing): airing for airing in settled(fetched.airings)}
    known = previous.events if previous else {}
    shown = [
        airing
        for name, airing in airings.items()
        if key(name) not in fetched.hidden and (name in known or local_date(airing.starts, recipe.zone) in recipe.days)
    ]
    listing = Listing(
        events=events(shown, recipe.rules),
        listed=frozenset(airings),
        hidden=lambda name: key(name) in fetched.hidden,
        asked=lambda old: asked_for(old.uid, category(old.octets), recipe.scope.kinds),
        days=recipe.days,
        zone=recipe.zone,
    )
    return Revision(previous, listing, recipe.look, recipe.scope, now, recipe.retention)


def settled(airings: Iterable[Airing]) -> Iterable[Airing]:
    """One airing for each UID: the one changed last, then the one with the highest episode id.

    What is alike in both is settled by its content, so that the order of answers never matters.
    """
    kept: dict[str, Airing] = {}
    for airing in airings:
        name = uid(airing)
        if name not in kept or _rank(airing) > _rank(kept[name]):
            kept[name] = airing
    return kept.values()


def _rank(airing: Airing) -> tuple[datetime, int, str]:
    oldest = datetime.min.replace(tzinfo=UTC)
    episode_id = airing.episode_id if isinstance(airing, Episode) else None
    return airing.updated_at or oldest, episode_id or 0, repr(airing)
