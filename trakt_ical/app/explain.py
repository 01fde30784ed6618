"""Why an airing is in a calendar or not, and how its time came about: the same functions decide, and tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from trakt_ical.errors import NoMatch
from trakt_ical.fetch.source import Fetched
from trakt_ical.model import Airing, Moment, Steps, local_date
from trakt_ical.pipeline import CalendarSpec, list_airings
from trakt_ical.transform.grouping import Showing, make_showings
from trakt_ical.transform.text import Words, clean_text
from trakt_ical.transform.times import find_slot
from trakt_ical.transform.titles import find_airings, find_nearest_titles
from trakt_ical.transform.uids import make_uid, read_key

AT_MOST = 20  # candidates that are told


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was looked at (*name*, *uid*), whether it is *shown*, and the *steps* that led there."""

    name: str
    uid: str
    shown: bool
    steps: tuple[str, ...]


def explain_airing(fetched: Fetched, spec: CalendarSpec, now: datetime, query: str) -> Explanation:
    """Why what *query* names is in the calendar of *spec* or not; *fetched* was asked for with its steps.

    Raises NoMatch with the candidates where nothing or several match.
    """
    airings = list_airings(fetched, spec.kinds)
    airing = _resolve_query(airings.values(), query, spec, now)
    steps = Steps(airing.steps)
    doubles = max(sum(make_uid(each) == make_uid(airing) for each in fetched.airings[kind]) for kind in spec.kinds)
    if doubles > 1:
        steps("Trakt lists it %d times; of these the one that changed last counts.", doubles)
    start = find_slot(airing, spec.rules, spec.zone, steps).start
    shown = _is_allowed(airing, fetched, spec, steps)
    if shown:
        start = _find_showing(airing, airings.values(), spec, steps).start
        shown = _is_in_range(start, spec, steps)
    steps("%s: %s.", "It is in the calendar" if shown else "It is left out", describe_moment_in_zone(start, spec.zone))
    return Explanation(name_airing(airing), make_uid(airing), shown, tuple(steps))


def name_airing(airing: Airing) -> str:
    """*airing* for people, by its full name whatever the calendar calls it."""
    return Words().summary(airing)


def describe_moment_in_zone(moment: Moment, zone: tzinfo) -> str:
    """*moment* for people of *zone*, and in UTC."""
    if not isinstance(moment, datetime):
        return f"{moment}, the whole day"
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} in {zone}, {moment:%Y-%m-%d %H:%M} UTC"


def _resolve_query(airings: Iterable[Airing], query: str, spec: CalendarSpec, now: datetime) -> Airing:
    airings = list(airings)
    found = find_airings(airings, query)
    if len(found) == 1:
        return found[0]
    if found:
        near = sorted(found, key=lambda each: abs(local_date(each.starts, UTC) - now.date()))[:AT_MOST]
        candidates = [
            f"{name_airing(each)} ({make_uid(each)}), {describe_moment_in_zone(each.starts, spec.zone)}"
            for each in _sort_by_time(near)
        ]
        more = f" The nearest {AT_MOST}:" if len(found) > AT_MOST else ""
        raise NoMatch(f"{len(found)} airings match {query!r}.{more}", tuple(candidates))
    near_titles = [clean_text(title) for title in find_nearest_titles(airings, query)]
    days = f"from {spec.days.first} to {spec.days.last}"
    raise NoMatch(
        f"Trakt lists nothing {days} that matches {query!r}." + " These are near:" * bool(near_titles),
        tuple(near_titles),
    )


def _sort_by_time(airings: Iterable[Airing]) -> list[Airing]:
    return sorted(airings, key=lambda each: (each.starts.isoformat(), make_uid(each)))


def _is_allowed(airing: Airing, fetched: Fetched, spec: CalendarSpec, steps: Steps) -> bool:
    """Whether the user and the filters let *airing* be shown."""
    filters, name = spec.rules.filters, read_key(make_uid(airing))
    for what, keys, wanted in (("hid", fetched.hidden, filters.hidden), ("dropped", fetched.dropped, filters.dropped)):
        if name in keys:
            steps("You %s it at Trakt%s.", what, ", but the rules want it shown" if wanted else "")
            if not wanted:
                return False
    return filters.allow(airing, steps)


def _find_showing(airing: Airing, airings: Iterable[Airing], spec: CalendarSpec, steps: Steps) -> Showing:
    """The showing that *airing* is a part of."""
    for showing in make_showings(airings, spec.rules, spec.zone):
        if any(make_uid(member) == make_uid(airing) for member in showing.members):
            if others := len(showing.members) - 1:
                steps(
                    "group = %s puts it into one event with %d other%s, that of %s.",
                    spec.rules.group.value,
                    others,
                    "" if others == 1 else "s",
                    name_airing(showing.members[0]),
                )
            return showing
    raise AssertionError("what the filters allow is shown")


def _is_in_range(start: Moment, spec: CalendarSpec, steps: Steps) -> bool:
    within = local_date(start, spec.zone) in spec.days
    if not within:
        steps("The calendar is made of %s to %s (back, ahead).", spec.days.first, spec.days.last)
    return within
