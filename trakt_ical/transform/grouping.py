"""Airings become showings: those that the filters allow, with their times, episodes that belong together as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo

import msgspec

from trakt_ical.model import Airing, Episode, Moment, Movie, local_date
from trakt_ical.transform.filters import EVERYTHING
from trakt_ical.transform.rules import Group, Rules
from trakt_ical.transform.times import DAY, find_event_times, find_moment, find_runtime
from trakt_ical.transform.uids import make_uid


class Showing(msgspec.Struct, frozen=True):
    """One airing, or episodes of one show that go together, the lowest-numbered first; from *start* to *end*."""

    members: tuple[Airing, ...]
    start: Moment
    end: Moment

    @property
    def uid(self) -> str:
        """The UID of the first member: so a group of one is the plain event, and more members do not change it."""
        return make_uid(self.members[0])


def schedule_airings(airings: Iterable[Airing], rules: Rules, zone: tzinfo) -> Iterator[Showing]:
    """Apply *rules* to *airings*: filter them, find their times, group them. *zone* is the subscriber's."""
    if rules.filters != EVERYTHING:
        airings = filter(rules.filters.allows, airings)
    showings = (Showing((airing,), *find_event_times(airing, rules, zone)) for airing in airings)
    return showings if rules.group is Group.OFF else _group_showings(showings, rules, zone)


def _group_showings(showings: Iterable[Showing], rules: Rules, zone: tzinfo) -> Iterator[Showing]:
    groups: dict[tuple[object, ...], list[Showing]] = {}
    for showing in showings:
        groups.setdefault(_group_key(showing, rules, zone), []).append(showing)
    for group in groups.values():
        yield _join_group(group, rules) if len(group) > 1 else group[0]


def _group_key(showing: Showing, rules: Rules, zone: tzinfo) -> tuple[object, ...]:
    """Return what episodes of one group have in common."""
    [airing] = showing.members
    if isinstance(airing, Movie):
        return (showing.uid,)
    moment = find_moment(airing, rules)
    if rules.group is Group.DROP:
        # A drop is what Trakt lists for one instant, before offsets or whole days are applied.
        return (airing.show.key, airing.season, moment)
    # An episode whose hour is known never joins one without: the event would claim an hour for both, or for none.
    timed = isinstance(showing.start, datetime) and isinstance(moment, datetime)
    return (airing.show.key, local_date(showing.start, zone), timed)


def _join_group(group: list[Showing], rules: Rules) -> Showing:
    """Join all of *group* into one showing, as long as all of them together."""
    members = [airing for showing in group for airing in showing.members if isinstance(airing, Episode)]
    # Specials last: one that is added later must not take over the event of the others.
    members.sort(key=lambda episode: (episode.season == 0, episode.season, episode.number))
    start = min(showing.start for showing in group)
    together = sum((find_runtime(member, rules) for member in members), timedelta(0))
    return Showing(tuple(members), start, start + (together if isinstance(start, datetime) else DAY))
