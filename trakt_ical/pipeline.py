"""One run, for one calendar or several of one source: fetch, transform, merge, save.

1. `plan_fetch` joins what the calendars need, so that the source is asked once for all of them. A calendar whose last
   run had the same answers, settings and days and changed nothing is done with that (see `make_fingerprint`).
2. `transform` applies a calendar's rules to the answers: airings become the events to be shown.
3. `merge_calendar` makes the next calendar from these events and the stored calendar, or holds the update back.
4. The output saves it, if it changed. What fails for one calendar leaves it as it was, and the others go on.

Each step is finished before the next one begins, and `explain` takes the same steps without the last one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import chain
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from trakt_ical import __version__
from trakt_ical.errors import TraktIcalError, UpdateHeldBack
from trakt_ical.export import ics
from trakt_ical.export.changes import Change
from trakt_ical.export.ics import Appearance, CalendarId, Heading
from trakt_ical.export.merge import CurrentEvents, MergeInput, MergeResult, Retention, merge
from trakt_ical.export.output import Output
from trakt_ical.export.renumbering import find_renumbered
from trakt_ical.export.stored_calendar import StoredCalendar, StoredEvent, parse_instant, parse_moment, read_category
from trakt_ical.export.stores.protocol import LastRun, OutputState, Summary
from trakt_ical.fetch.sources import Fetched, FetchRequest, Progress, Source
from trakt_ical.model import Airing, DateRange, Episode, Event, Moment, StepRecorder, ignore_step, local_date
from trakt_ical.transform.events import CheckInLinks, make_event
from trakt_ical.transform.filters import EVERYTHING
from trakt_ical.transform.grouping import Showing, schedule_airings
from trakt_ical.transform.rules import Dates, Group, Rules
from trakt_ical.transform.times import describe_placing, find_day_margin
from trakt_ical.transform.uids import KINDS_OF_MOVIES, is_listed_in, is_movie, make_uid, may_be, read_key

FARTHEST = 366  # days beyond the range, which are fetched once where the filters changed
RELEASE_LAG = 92  # days from a first release on, in which one in another country, or on television, is still found


class CalendarSpec(msgspec.Struct, frozen=True):
    """What a calendar is made of: which *days*, counted in *zone*, by which *rules*, and how long things stay.

    *check_in_links*: give each event its address for checking in, if it is to have one. *settings_digest*: a hash of
    the settings behind all that; "" where it is not known.
    """

    days: DateRange
    zone: tzinfo
    rules: Rules
    appearance: Appearance
    calendar_id: CalendarId
    retention: Retention
    check_in_links: CheckInLinks | None = None
    settings_digest: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of calendars that it is made of."""
        return self.calendar_id.kinds


class CalendarRun(msgspec.Struct, frozen=True):
    """One calendar on its way through a run: what it is made of, and the *output* that it goes to."""

    spec: CalendarSpec
    output: Output


class RunResult(msgspec.Struct, frozen=True):
    """What became of a calendar: its *octets*, whether the output *changed*, and the *changes* of its events.

    *summary* counts its events, whose days are those of *zone*. *loss_accepted*: most upcoming events disappeared.
    *later_error*: what failed after the calendar was saved.
    """

    octets: bytes
    changed: bool
    changes: Sequence[Change]
    summary: Summary
    zone: tzinfo
    loss_accepted: bool = False
    later_error: TraktIcalError | None = None


Outcome: TypeAlias = RunResult | TraktIcalError


def run(
    source: Source, calendars: Sequence[CalendarRun], now: datetime, progress: Progress, *, accept_loss: bool = False
) -> list[Outcome]:
    """Take all *calendars* through a run, asking *source* once; return what became of each.

    Raises TraktIcalError where the source fails: then nothing became of any.
    """
    wanted = (replace(each.spec, days=find_fetched_days(each.spec, each.output)) for each in calendars)
    answers = source.ask(plan_fetch(wanted, accepts_loss=accept_loss), progress)
    marks = [make_fingerprint(each, answers.digest) for each in calendars]
    outcomes: list[Outcome | None] = [
        _end_unchanged(each, mark, now) for each, mark in zip(calendars, marks, strict=True)
    ]
    if None in outcomes:
        fetched = answers.read()
        for number, calendar in enumerate(calendars):
            if outcomes[number] is None:
                outcomes[number] = _update_calendar(calendar, fetched, marks[number], now, accept_loss=accept_loss)
    return [outcome for outcome in outcomes if outcome]


def _end_unchanged(calendar: CalendarRun, fingerprint: str, now: datetime) -> RunResult | None:
    """End the run of *calendar* at once where the last one had the same *fingerprint* and changed nothing."""
    output = calendar.output
    if not fingerprint or output.state is None or output.snapshot is None:
        return None
    summary = output.state.find_summary(fingerprint, now)
    if summary is None:
        return None
    output.note_unchanged(now)
    return RunResult(output.snapshot.octets, False, (), summary, calendar.spec.zone)


def _update_calendar(
    calendar: CalendarRun, fetched: Fetched, fingerprint: str, now: datetime, *, accept_loss: bool
) -> Outcome:
    """Transform, merge and save one calendar."""
    spec, output = calendar.spec, calendar.output
    try:
        output.check_sum()
        current = transform(fetched, spec, output.stored)
        merged = merge_calendar(make_merge_input(spec, output, current, now), output.state, accept_loss=accept_loss)
        summary = _summarize(merged, fetched, spec)
        until = find_next_change(merged, spec, now)
        version = output.snapshot.version if output.snapshot else ""
        last_run = LastRun(fingerprint, until, summary, version) if fingerprint and until else None
        if output.state is not None:
            output.state.filters = hash_filters(spec.rules)
        changed = output.save(merged.octets, now, last_run)
    except UpdateHeldBack as error:
        output.save_state()  # since when it is held back: after some days it is accepted
        return error
    except TraktIcalError as error:
        return error
    return RunResult(merged.octets, changed, merged.changes, summary, spec.zone, loss_accepted=merged.loss is not None)


def find_fetched_days(spec: CalendarSpec, output: Output) -> DateRange:
    """Return the days that must be fetched for *spec*: also those of all stored events, where the filters changed."""
    # What new filters leave out must leave, and events of past months that lie before the range are stored as well.
    # Whether the filters leave these out only Trakt's answers tell: the stored event does not have all that they ask.
    # Looked at last: to cut the stored calendar into its events takes longer than a run that ends at once.
    if output.stored is None or not have_filters_changed(spec, output) or not output.stored.events:
        return spec.days
    days = [local_date(parse_moment(old.start), spec.zone) for old in output.stored.events.values()]
    farthest = spec.days.widen(FARTHEST)  # an airing that was moved by decades would take hundreds of requests
    first, last = max(min(days), farthest.first), min(max(days), farthest.last)
    return spec.days.join(DateRange(first, 1)).join(DateRange(last, 1))


def have_filters_changed(spec: CalendarSpec, output: Output) -> bool:
    """Whether the stored calendar may have events that the filters of *spec* leave out, as it was made by others."""
    filters = spec.rules.filters
    return filters != EVERYTHING and output.state is not None and output.state.filters != hash_filters(spec.rules)


def hash_filters(rules: Rules) -> str:
    """Return a hash of the filters of *rules*."""
    text = repr(msgspec.to_builtins(rules.filters, str_keys=True, order="deterministic"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def plan_fetch(
    specs: Iterable[CalendarSpec], *, marks: bool = False, steps: bool = False, accepts_loss: bool = False
) -> FetchRequest:
    """Join what *specs* need; with *marks* what was watched in any case, with *steps* how each moment was found.

    *accepts_loss*: answers that lost most of what they had are believed.
    """
    specs = list(specs)
    days: dict[str, DateRange] = {}
    countries: dict[str, frozenset[str]] = {}
    for spec in specs:
        for kind in spec.kinds:
            wide = spec.days.widen(find_day_margin(spec.rules))
            if spec.rules.dates is Dates.RELEASED and kind not in KINDS_OF_MOVIES:
                # Trakt lists an episode by when it airs, which may be weeks after its release.
                wide = DateRange(wide.first, wide.days + RELEASE_LAG)
            if spec.rules.country and kind in KINDS_OF_MOVIES:
                # Trakt lists a movie by the world's first release: its day in a country may come weeks later.
                wide = DateRange(wide.first - timedelta(days=RELEASE_LAG), wide.days + RELEASE_LAG)
                countries[kind] = countries.get(kind, frozenset()) | {spec.rules.country}
            days[kind] = days[kind].join(wide) if kind in days else wide
    watched = any(not spec.rules.filters.watched for spec in specs)
    watchlist = any(spec.rules.filters.watchlist_only for spec in specs)
    return FetchRequest(
        days,
        watched=marks or watched,
        watchlist=watchlist,
        needs_marks=watched or watchlist,
        countries=countries,
        steps=steps,
        accepts_loss=accepts_loss,
    )


def transform(fetched: Fetched, spec: CalendarSpec, stored: StoredCalendar | None) -> CurrentEvents:
    """Make the events that *spec* shows of what was *fetched*.

    Of the *stored* calendar only UIDs matter: which events are followed where Trakt moved them, and which of those
    that are gone are hidden or were not asked for.
    """
    airings = list_airings(fetched, spec.kinds)
    visible = remove_hidden(airings, fetched, spec.rules)
    followed = find_followed_events(stored, spec)
    showings = [
        showing
        for showing in schedule_airings(visible, spec.rules, spec.zone)
        if is_in_calendar(showing, spec, followed)
    ]
    events = [make_event(showing, spec.rules, spec.check_in_links) for showing in showings]
    grouped = showings if spec.rules.group is not Group.OFF else ()
    return CurrentEvents(
        events=events,
        listed=airings.keys(),
        ruled_out=_find_ruled_out(stored, airings, spec.rules, is_empty=not events),
        grouped={make_uid(member) for showing in grouped for member in showing.members[1:]},
        hidden=_find_hidden_events(stored, fetched, spec.rules),
        unreadable=_find_unreadable(stored, airings.keys(), fetched, spec),
        unreliable=_find_unreliable(stored, fetched, spec),
        not_requested=_find_not_requested(stored, airings.keys(), spec),
        days=spec.days,
        zone=spec.zone,
        answers=_group_by_answer(stored, airings.keys(), fetched, spec),
        missed=_find_missed(stored, fetched),
    )


def make_merge_input(spec: CalendarSpec, output: Output, current: CurrentEvents, now: datetime) -> MergeInput:
    """Put together what the next calendar of *spec* is made of."""
    heading = Heading(spec.appearance, spec.calendar_id, _hash_placing(spec))
    return MergeInput(output.stored, current, heading, spec.retention, now, _find_renumbered(output.stored, current))


def _find_renumbered(stored: StoredCalendar | None, current: CurrentEvents) -> Mapping[str, Event]:
    """Return which of the *current* events take over *stored* ones that are no longer listed."""
    if stored is None or stored.events.keys() <= current.listed:
        return {}
    present = frozenset().union(
        current.listed, current.hidden, current.not_requested, current.unreliable, current.unreadable
    )
    missing = [old for uid, old in stored.events.items() if old.rev is not None and uid not in present]
    return find_renumbered(missing, (event for event in current.events if event.uid not in stored.events))


def merge_calendar(given: MergeInput, state: OutputState | None, *, accept_loss: bool = False) -> MergeResult:
    """Make the next calendar. Raises UpdateHeldBack where most upcoming events disappeared.

    *state* learns since when the update is held back. After some days of the same answer the loss is accepted, or at
    once with *accept_loss*.
    """
    try:
        return merge(given, accept_loss=accept_loss)
    except UpdateHeldBack as error:
        if state is None:
            raise
        until = state.hold_back(error.missing, given.now) + given.retention.held_back
        if given.now < until:
            raise UpdateHeldBack(f"{error} The update is held back until {until:%Y-%m-%d}.", error.missing) from error
        return merge(given, accept_loss=True)


def find_followed_events(stored: StoredCalendar | None, spec: CalendarSpec) -> Mapping[str, StoredEvent]:
    """Return the stored events by which it is seen that Trakt moved an airing, by UID."""
    if stored is None:
        return {}
    if stored.placing == _hash_placing(spec):
        return stored.events
    # Other rules of time may have moved everything: only what was said to be no longer listed is still followed.
    return {uid: old for uid, old in stored.events.items() if old.rev is None}


def is_in_calendar(
    showing: Showing, spec: CalendarSpec, followed: Mapping[str, StoredEvent], tell: StepRecorder = ignore_step
) -> bool:
    """Whether *showing* is on one of the days of *spec*, or has one of the *followed* events that were on them."""
    if _is_in_range(showing.start, spec):
        return True
    tell("The calendar covers %s to %s (back, ahead).", spec.days.first, spec.days.last)
    # Who has the event of an airing that moved out of the range must see where it went, and not that it is off.
    for member in showing.members:
        old = followed.get(make_uid(member))
        if old is not None and (old.rev is None or _is_in_range(parse_moment(old.start), spec)):
            tell("But the stored calendar has it from before it was moved, so it is shown on its new day.")
            return True
    return False


def _is_in_range(start: Moment, spec: CalendarSpec) -> bool:
    """Whether *start* falls on one of the days, by the clock of their zone."""
    return local_date(start, spec.zone) in spec.days


def _hash_placing(spec: CalendarSpec) -> str:
    return ics.hash_placing(describe_placing(spec.rules))


def _find_hidden_events(stored: StoredCalendar | None, fetched: Fetched, rules: Rules) -> frozenset[str]:
    """Return the UIDs of stored events whose show or movie the user hid or dropped."""
    keys = find_hidden_keys(fetched, rules)
    return frozenset(uid for uid in stored.events if read_key(uid) in keys) if stored and keys else frozenset()


def _find_unreadable(
    stored: StoredCalendar | None, listed: Set[str], fetched: Fetched, spec: CalendarSpec
) -> frozenset[str]:
    """Return the UIDs of stored events that are not *listed*, but may be those of entries that could not be read."""
    odd = {entry for kind in spec.kinds for entry in fetched.odd.get(kind, ())}
    if stored is None or not odd:
        return frozenset()
    return frozenset(uid for uid in stored.events.keys() - listed if any(may_be(uid, entry) for entry in odd))


def _group_by_answer(
    stored: StoredCalendar | None, listed: Set[str], fetched: Fetched, spec: CalendarSpec
) -> list[frozenset[str]]:
    """Return the UIDs of stored events, together where one answer must list them; none where all are *listed*."""
    # Only what is missing is looked for in these groups. To make them takes a fifth of a run with 10,000 events.
    if stored is None or stored.events.keys() <= listed:
        return []
    groups = []
    for kind, ranges in ((kind, fetched.ranges.get(kind, ())) for kind in spec.kinds):
        starts = {
            uid: parse_moment(old.start)
            for uid, old in stored.events.items()
            if is_listed_in(uid, read_category(old.octets), [kind])
        }
        placed = [
            (uid, local_date(start, UTC), isinstance(start, datetime) or is_movie(uid)) for uid, start in starts.items()
        ]
        for days in ranges:
            # A whole day is one of the show's zone: on the first and last day it may be another answer's.
            inside = DateRange(days.first + timedelta(days=1), days.days - 2) if days.days > 2 else days
            groups.append(frozenset(uid for uid, day, exact in placed if day in (days if exact else inside)))
    return groups


def _find_unreliable(stored: StoredCalendar | None, fetched: Fetched, spec: CalendarSpec) -> frozenset[str]:
    """Return the UIDs of stored events whose absence from the answers means nothing."""
    if stored is None:
        return frozenset()
    # What is hidden is left out by Trakt at times, whatever the rules say of it. Movies are listed by the world's first
    # release: with a country's dates the old one may lie before the range. Of a show that was not read, nothing is
    # known.
    left_out = fetched.hidden | fetched.dropped | fetched.unread
    if not left_out and not spec.rules.country:
        return frozenset()
    return frozenset(
        uid for uid in stored.events if read_key(uid) in left_out or (spec.rules.country and is_movie(uid))
    )


def _find_missed(stored: StoredCalendar | None, fetched: Fetched) -> frozenset[str]:
    """Return the UIDs of stored events whose show a doubtful answer lacks."""
    if stored is None or not fetched.missed:
        return frozenset()
    return frozenset(uid for uid in stored.events if read_key(uid) in fetched.missed)


def _find_not_requested(stored: StoredCalendar | None, listed: Set[str], spec: CalendarSpec) -> frozenset[str]:
    """Return the UIDs of stored events that are not *listed*, and are of kinds that are no longer asked for."""
    if stored is None or set(stored.kinds) == set(spec.kinds):
        return frozenset()
    # Trakt's premieres are not all episodes that it calls premieres. So only a kind that was asked for both then and
    # now proves that an event is missing, rather than of another kind.
    both = [kind for kind in spec.kinds if kind in stored.kinds]
    gone = stored.events.keys() - listed
    return frozenset(uid for uid in gone if not is_listed_in(uid, read_category(stored.events[uid].octets), both))


def list_airings(fetched: Fetched, kinds: Iterable[str]) -> dict[str, Airing]:
    """Return what *fetched* lists of *kinds*, by UID, doubles settled."""
    return remove_doubles(chain.from_iterable(fetched.airings[kind] for kind in kinds))


def remove_hidden(airings: Mapping[str, Airing], fetched: Fetched, rules: Rules) -> Iterable[Airing]:
    """Return *airings*, given by UID, without those that the user hid or dropped, unless *rules* want them."""
    keys = find_hidden_keys(fetched, rules)
    if not keys:
        return airings.values()
    return [airing for uid, airing in airings.items() if read_key(uid) not in keys]


def _find_ruled_out(
    stored: StoredCalendar | None, airings: Mapping[str, Airing], rules: Rules, *, is_empty: bool
) -> frozenset[str]:
    """Return the UIDs of *airings* that the filters leave out: the *stored* ones, or all where nothing is shown."""
    if rules.filters == EVERYTHING:
        return frozenset()
    # To filter all a second time would take a tenth of a run.
    uids = airings.keys() if is_empty else airings.keys() & stored.events.keys() if stored else ()
    return frozenset(uid for uid in uids if not rules.filters.allows(airings[uid]))


def find_hidden_keys(fetched: Fetched, rules: Rules) -> frozenset[str]:
    """Return the keys of what the user hid or dropped and *rules* do not want."""
    hidden = frozenset[str]() if rules.filters.hidden else fetched.hidden
    return hidden if rules.filters.dropped else hidden | fetched.dropped


def remove_doubles(airings: Iterable[Airing]) -> dict[str, Airing]:
    """Return one airing for each UID: the one changed last, then the one with the highest episode id."""
    kept: dict[str, Airing] = {}
    for airing in airings:
        uid = make_uid(airing)
        if uid not in kept or _rank(airing) > _rank(kept[uid]):
            kept[uid] = airing
    return kept


def _rank(airing: Airing) -> tuple[datetime, int, str]:
    oldest = datetime.min.replace(tzinfo=UTC)
    episode_id = airing.episode_id if isinstance(airing, Episode) else None
    # The content decides what is alike in both: the order of answers must never matter.
    return airing.updated_at or oldest, episode_id or 0, repr(airing)


def make_fingerprint(calendar: CalendarRun, answers_digest: str) -> str:
    """Return a hash of all that the next calendar depends on, but for the time; "" where some of it is not known."""
    spec, output = calendar.spec, calendar.output
    if not answers_digest or not spec.settings_digest or output.stored is None or output.state is None:
        return ""
    parts = (__version__, answers_digest, spec.settings_digest, spec.calendar_id, spec.days, spec.zone)
    text = "\n".join(map(str, (*parts, output.stored.checksum)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def find_next_change(merged: MergeResult, spec: CalendarSpec, now: datetime) -> datetime | None:
    """Return the first instant at which the same run would come to something else; None where it may at any time."""
    # Without room for all events, each one that is over makes room for another.
    if merged.over_limit:
        return None
    # Days are counted in the calendar's zone: with a new one, events enter and leave the range, or are too old to stay.
    tomorrow = now.astimezone(spec.zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(0), spec.zone).astimezone(UTC)
    tombstones = (event for event in merged.events if event.rev is None)
    return min([midnight, *(parse_instant(event.modified) + spec.retention.tombstone for event in tombstones)])


def _summarize(merged: MergeResult, fetched: Fetched, spec: CalendarSpec) -> Summary:
    events, over_limit = merged.events, len(merged.over_limit)
    if not events:
        listed = list_airings(fetched, spec.kinds).values()
        return Summary(over_limit=over_limit, unshown=sum(_is_in_range(airing.starts, spec) for airing in listed))
    # A zone moves an event by less than a day: the first and last two days hold the earliest and the latest event.
    dates = sorted({event.start[:8] for event in events})
    edges = {*dates[:2], *dates[-2:]}
    days = [local_date(parse_moment(event.start), spec.zone) for event in events if event.start[:8] in edges]
    return Summary(len(events), min(days), max(days), over_limit)
