"""Why something is in a calendar or not, and how its time was found: the functions that decide tell their reasons.

`explain` takes the steps of a run (see `pipeline`) up to the save, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from trakt_ical import pipeline
from trakt_ical.errors import NoMatch, UpdateHeldBack
from trakt_ical.export.merge import MergeInput, Retention, decide_fate
from trakt_ical.export.output import Output
from trakt_ical.export.stored_calendar import StoredEvent, parse_moment, read_name, strip_uid_suffix
from trakt_ical.fetch.sources import Fetched
from trakt_ical.model import Airing, Episode, Moment, Steps, local_date
from trakt_ical.pipeline import CalendarSpec, list_airings, remove_hidden
from trakt_ical.transform.codes import split_code
from trakt_ical.transform.event_text import Words, clean_text
from trakt_ical.transform.grouping import Showing, schedule_airings
from trakt_ical.transform.times import find_event_times
from trakt_ical.transform.title_matching import find_airings, find_nearest_titles, match_titles
from trakt_ical.transform.uids import make_uid, read_key

MOST_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was looked at (*name*, *uid*), whether the calendar shows it, and the *steps* that led there."""

    name: str
    uid: str
    is_shown: bool
    steps: tuple[str, ...]


def explain_airing(
    fetched: Fetched, spec: CalendarSpec, now: datetime, query: str, output: Output | None = None
) -> Explanation:
    """Explain why the calendar of *spec* has what *query* names, or does not; *fetched* was asked for with its steps.

    *output* holds the stored calendar, which may have what Trakt no longer lists. Raises NoMatch with the candidates
    where nothing or several match.
    """
    output, query = output or Output(), strip_uid_suffix(query)
    current = pipeline.transform(fetched, spec, output.stored)
    given = pipeline.make_merge_input(spec, output, current, now)
    airings = list_airings(fetched, spec.kinds)
    listed = find_airings(airings.values(), query)
    if len(listed) == 1:
        return _explain_listed(given, output, fetched, spec, listed[0])
    if listed:
        raise _describe_several(listed, query, given)
    unlisted = _find_unlisted(given, query)
    if len(unlisted) == 1:
        return _explain_unlisted(given, output, spec, unlisted[0])
    raise _describe_unlisted(unlisted, query, given) if unlisted else _describe_nothing(airings.values(), query, given)


def _explain_listed(
    given: MergeInput, output: Output, fetched: Fetched, spec: CalendarSpec, airing: Airing
) -> Explanation:
    """Explain what becomes of *airing*, step by step as a run takes them."""
    uid, airings = make_uid(airing), list_airings(fetched, spec.kinds)
    steps = Steps(airing.steps)
    doubles = max(sum(make_uid(each) == uid for each in fetched.airings[kind]) for kind in spec.kinds)
    if doubles > 1:
        steps("It is listed %d times. The entry that changed last counts.", doubles)
    start = find_event_times(airing, spec.rules, spec.zone, steps).start
    event_uid, is_listed = uid, _is_allowed(airing, fetched, spec, steps)
    if is_listed:
        showing = _find_showing(airing, remove_hidden(airings, fetched, spec.rules), spec, steps)
        followed = pipeline.find_followed_events(output.stored, spec)
        start, event_uid = showing.start, showing.uid
        is_listed = pipeline.is_in_calendar(showing, spec, followed, steps)
    preview = _preview_merge(given, output)
    if not is_listed and uid in given.stored_events and preview.held_back is None:
        # What the rules or the days leave out may still be stored, and some of it stays: the merge decides.
        decide_fate(given, given.stored_events[uid], steps)
    event = preview.tell(event_uid, steps) if is_listed or uid in given.stored_events else None
    _tell_verdict(steps, start, spec.zone, event=event)
    return Explanation(name_airing(airing), uid, event is not None, tuple(steps))


def _explain_unlisted(given: MergeInput, output: Output, spec: CalendarSpec, old: StoredEvent) -> Explanation:
    """Explain what becomes of *old*, an event of the stored calendar that Trakt no longer lists."""
    steps = Steps()
    steps("It is not listed, but the stored calendar has it.")
    day = local_date(parse_moment(old.start), spec.zone)
    if day not in spec.days and day in pipeline.find_fetched_days(spec, output):
        steps("The filters changed: the next export asks for its day too, and removes it if they leave it out.")
    preview = _preview_merge(given, output)
    if preview.held_back is None:
        decide_fate(given, old, steps)
    event = preview.tell(old.uid, steps)
    _tell_verdict(steps, parse_moment(old.start), given.current.zone, event=event, old=old)
    return Explanation(read_name(old.octets), old.uid, event is not None, tuple(steps))


@dataclass(frozen=True, slots=True)
class _Preview:
    """What this run would leave: its *events* by UID. *held_back*: why they are the stored ones, None where merged."""

    events: Mapping[str, StoredEvent]
    over_limit: Collection[str]
    held_back: UpdateHeldBack | None
    retention: Retention

    def tell(self, uid: str, steps: Steps) -> StoredEvent | None:
        """Return the event *uid* of the calendar, None where it has none, and tell what keeps it in or out."""
        if self.held_back is not None:
            steps("%s (shrink_days = %d)", self.held_back, self.retention.held_back.days)
        if uid in self.over_limit:
            steps("The calendar has no room for it (max_bytes = %d).", self.retention.size_limit)
            steps("Past events leave first, then those farthest ahead.")
        return self.events.get(uid)


def _preview_merge(given: MergeInput, output: Output) -> _Preview:
    """Merge as an export would, and keep the result to look at."""
    try:
        merged = pipeline.merge_calendar(given, output.state)
    except UpdateHeldBack as error:
        return _Preview(given.stored_events, (), error, given.retention)
    events = {event.uid: event for event in merged.events}
    return _Preview(events, merged.over_limit, None, given.retention)


def _tell_verdict(
    steps: Steps, start: Moment, zone: tzinfo, *, event: StoredEvent | None, old: StoredEvent | None = None
) -> None:
    """Tell whether the calendar has the *event*; *old* is the stored one, where that is another."""
    verdict = "It is in the calendar" if event is not None else "It is left out"
    if event is not None and event.rev is None:
        from_now_on = ", from the next export on" if old is not None and old.rev is not None else ""
        verdict = f"It is in the calendar as cancelled{from_now_on}"
    steps("%s: %s.", verdict, describe_moment_in_zone(start, zone))


def _find_unlisted(given: MergeInput, query: str) -> list[StoredEvent]:
    """Find the stored events that *query* names, and Trakt no longer lists."""
    events = {uid: old for uid, old in given.stored_events.items() if uid not in given.current.listed}
    if query.strip() in events:
        return [events[query.strip()]]
    title, code = split_code(query)
    if code:
        ending = "-s{}e{}".format(*code)
        events = {uid: old for uid, old in events.items() if uid.partition("@")[0].endswith(ending)}
    names = {uid: [read_name(old.octets)] for uid, old in events.items()}
    return [events[uid] for uid in (match_titles(title, names) if title else events if code else ())]


def name_airing(airing: Airing) -> str:
    """Return the full name of *airing*, whatever the calendar calls it."""
    return Words().make_summary(airing)


def describe_moment_in_zone(moment: Moment, zone: tzinfo) -> str:
    """Return *moment* in *zone* and in UTC."""
    if not isinstance(moment, datetime):
        return f"{moment}, the whole day"
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} in {zone}, {moment:%Y-%m-%d %H:%M} UTC"


def _describe_several(listed: list[Airing], query: str, given: MergeInput) -> NoMatch:
    near = sorted(listed, key=lambda each: abs(local_date(each.starts, UTC) - given.now.date()))[:MOST_CANDIDATES]
    near.sort(key=lambda each: (each.starts.isoformat(), make_uid(each)))
    candidates = [_format_candidate(name_airing(each), make_uid(each), each.starts, given) for each in near]
    more = f" The nearest {MOST_CANDIDATES}:" if len(listed) > MOST_CANDIDATES else ""
    return NoMatch(f"{len(listed)} airings match {query!r}.{more}", tuple(candidates))


def _describe_unlisted(unlisted: list[StoredEvent], query: str, given: MergeInput) -> NoMatch:
    candidates = [
        _format_candidate(read_name(old.octets), old.uid, parse_moment(old.start), given)
        for old in unlisted[:MOST_CANDIDATES]
    ]
    return NoMatch(f"{len(unlisted)} events that are no longer listed match {query!r}.", tuple(candidates))


def _describe_nothing(airings: Iterable[Airing], query: str, given: MergeInput) -> NoMatch:
    airings = list(airings)
    episodes = _describe_episodes(airings, query, given)
    near = () if episodes else tuple(clean_text(title) for title in find_nearest_titles(airings, query))
    days = f"from {given.current.days.first} to {given.current.days.last}"
    kinds = ", ".join(given.heading.calendar_id.kinds)
    sentence = f"Nothing is listed {days} among {kinds} (kind) that matches {query!r}."
    return NoMatch(sentence + episodes + " These are near:" * bool(near), near)


def _describe_episodes(airings: Iterable[Airing], query: str, given: MergeInput) -> str:
    """Return which episodes the shows have that *query* names, in sentences; "" where it names none, or no episode."""
    title, code = split_code(query)
    codes: dict[str, list[tuple[int, int]]] = {}
    for each in find_airings(airings, title) if title and code else ():
        if isinstance(each, Episode) and local_date(each.starts, given.current.zone) in given.current.days:
            codes.setdefault(clean_text(each.show.title), []).append((each.season, each.number))
    sentences = []
    for show, its in sorted(codes.items()):
        regular = [each for each in its if each[0]] or its  # specials are counted apart
        first, last = ("{}x{:02d}".format(*each) for each in (min(regular), max(regular)))
        sentences.append(f" {show} has {first}{f' to {last}' if last != first else ''} in these days.")
    return "".join(sentences[:MOST_CANDIDATES])


def _format_candidate(name: str, uid: str, starts: Moment, given: MergeInput) -> str:
    return f"{name} ({uid}), {describe_moment_in_zone(starts, given.current.zone)}"


def _is_allowed(airing: Airing, fetched: Fetched, spec: CalendarSpec, steps: Steps) -> bool:
    """Whether the user and the filters let *airing* be shown."""
    filters, key = spec.rules.filters, read_key(make_uid(airing))
    for what, keys, wanted in (("hid", fetched.hidden, filters.hidden), ("dropped", fetched.dropped, filters.dropped)):
        if key in keys:
            steps("You %s it at Trakt%s.", what, ", but the rules want it shown" if wanted else "")
            if not wanted:
                return False
    return filters.allows(airing, steps)


def _find_showing(airing: Airing, airings: Iterable[Airing], spec: CalendarSpec, steps: Steps) -> Showing:
    """Find the showing that *airing* is a part of."""
    for showing in schedule_airings(airings, spec.rules, spec.zone):
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
