"""A calendar: what is fetched becomes what is shown, and with the previous calendar the next one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain

from trakt_ical.export import ics
from trakt_ical.export.ics import Appearance, CalendarId
from trakt_ical.export.merge import CurrentEvents, Merge, Retention
from trakt_ical.export.stored import StoredCalendar, StoredEvent, parse_moment, read_category
from trakt_ical.fetch.source import Fetched, FetchRequest
from trakt_ical.model import Airing, DateRange, Episode, Moment, local_date
from trakt_ical.transform.events import CheckInLink, make_event
from trakt_ical.transform.grouping import Showing, make_showings
from trakt_ical.transform.kinds import KINDS_OF_MOVIES, is_asked_for, is_movie
from trakt_ical.transform.rules import Group, Rules
from trakt_ical.transform.times import describe_placing, find_margin
from trakt_ical.transform.uids import make_uid, read_key

LATER = 92  # days; a country's release may follow the world's first by as much and is found all the same


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """What a calendar is made of: which *days*, counted in *zone*, shown how, and remembered for how long.

    *check_in*: the address that checks in to the event of a UID and a start, where events are to bear it.
    """

    days: DateRange
    zone: tzinfo
    rules: Rules
    look: Appearance
    scope: CalendarId
    retention: Retention
    check_in: CheckInLink | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of calendars that it is made of."""
        return self.scope.kinds


def plan_fetch(specs: Iterable[CalendarSpec], *, marks: bool = False, steps: bool = False) -> FetchRequest:
    """What *specs* need together, so that Trakt is asked once; with *marks* what was watched in any case."""
    specs = list(specs)
    days: dict[str, DateRange] = {}
    countries: dict[str, frozenset[str]] = {}
    for spec in specs:
        for kind in spec.kinds:
            wide = spec.days.widened(find_margin(spec.rules))
            if spec.rules.country and kind in KINDS_OF_MOVIES:
                wide = DateRange(wide.first - timedelta(days=LATER), wide.days + LATER)
                countries[kind] = countries.get(kind, frozenset()) | {spec.rules.country}
            days[kind] = days[kind].joined(wide) if kind in days else wide
    return FetchRequest(
        days,
        watched=marks or any(not spec.rules.filters.watched for spec in specs),
        watchlist=any(spec.rules.filters.watchlist_only for spec in specs),
        countries=countries,
        steps=steps,
    )


def make_merge(fetched: Fetched, spec: CalendarSpec, previous: StoredCalendar | None, now: datetime) -> Merge:
    """The step from the *previous* calendar to one of what Trakt lists now, which is *fetched*."""
    airings = list_airings(fetched, spec.kinds)
    placed = ics.hash_placing(describe_placing(spec.rules))
    known = _find_known(previous, placed)
    shown, grouped = _select_showings(remove_hidden(airings, fetched, spec.rules), spec, known), frozenset[str]()
    if spec.rules.group is not Group.OFF:
        together = list(shown)
        shown, grouped = iter(together), frozenset(_find_grouped(together))
    unwanted = find_hidden_keys(fetched, spec.rules)
    listing = CurrentEvents(
        events=(make_event(showing, spec.rules, spec.check_in) for showing in shown),
        listed=airings.keys(),
        grouped=grouped,
        placing=placed,
        hidden=lambda name: read_key(name) in unwanted,
        asked=lambda old: read_key(old.uid) not in fetched.hidden | fetched.dropped and _is_asked_for(old, spec),
        days=spec.days,
        zone=spec.zone,
    )
    return Merge(previous, listing, spec.look, spec.scope, now, spec.retention)


def _find_known(previous: StoredCalendar | None, placing: str) -> Mapping[str, StoredEvent]:
    """The events by which it is seen that Trakt moved an airing: after other rules those alone that are cancelled."""
    if previous is None:
        return {}
    if previous.placing == placing:
        return previous.events
    return {name: old for name, old in previous.events.items() if old.rev is None}


def _select_showings(
    airings: Iterable[Airing], spec: CalendarSpec, known: Mapping[str, StoredEvent]
) -> Iterator[Showing]:
    """What the rules show of *airings* in the range, and wherever Trakt moved what is *known*."""
    for showing in make_showings(airings, spec.rules, spec.zone):
        if _is_in_range(showing.start, spec) or any(
            _is_expected(known.get(make_uid(each)), spec) for each in showing.members
        ):
            yield showing


def _find_grouped(shown: Iterable[Showing]) -> Iterator[str]:
    """The UIDs that are shown within the events of others."""
    return (make_uid(member) for showing in shown for member in showing.members[1:])


def list_airings(fetched: Fetched, kinds: Iterable[str]) -> dict[str, Airing]:
    """What *fetched* lists of *kinds*, by UID, doubles settled."""
    return remove_doubles(chain.from_iterable(fetched.airings[kind] for kind in kinds))


def remove_hidden(airings: Mapping[str, Airing], fetched: Fetched, rules: Rules) -> Iterable[Airing]:
    """*airings*, given by UID, less those that the user hid or dropped, unless *rules* want them."""
    unwanted = find_hidden_keys(fetched, rules)
    if not unwanted:
        return airings.values()
    return (airing for name, airing in airings.items() if read_key(name) not in unwanted)


def find_hidden_keys(fetched: Fetched, rules: Rules) -> frozenset[str]:
    """The keys of what the user hid or dropped and *rules* do not want."""
    hidden = frozenset[str]() if rules.filters.hidden else fetched.hidden
    return hidden if rules.filters.dropped else hidden | fetched.dropped


def _is_expected(old: StoredEvent | None, spec: CalendarSpec) -> bool:
    """Whether *old* is shown wherever Trakt moved it: it was in range, or said to be no longer listed."""
    return old is not None and (old.rev is None or _is_in_range(parse_moment(old.start), spec))


def _is_in_range(start: Moment, spec: CalendarSpec) -> bool:
    """Whether *start* falls on one of the days, by the clock of their zone."""
    return local_date(start, spec.zone) in spec.days


def _is_asked_for(old: StoredEvent, spec: CalendarSpec) -> bool:
    """Whether this run would list the event *old* if Trakt had it.

    Not so of movies dated by country: Trakt lists them by the world's date, which may lie before the range.
    """
    if spec.rules.country and is_movie(old.uid):
        return False
    return is_asked_for(old.uid, read_category(old.octets), spec.kinds)


def remove_doubles(airings: Iterable[Airing]) -> dict[str, Airing]:
    """One airing for each UID: the one changed last, then the one with the highest episode id.

    What is alike in both is settled by its content, so that the order of answers never matters.
    """
    kept: dict[str, Airing] = {}
    for airing in airings:
        name = make_uid(airing)
        if name not in kept or _rank(airing) > _rank(kept[name]):
            kept[name] = airing
    return kept


def _rank(airing: Airing) -> tuple[datetime, int, str]:
    oldest = datetime.min.replace(tzinfo=UTC)
    episode_id = airing.episode_id if isinstance(airing, Episode) else None
    return airing.updated_at or oldest, episode_id or 0, repr(airing)
