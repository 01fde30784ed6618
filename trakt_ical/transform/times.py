"""When an event begins and ends: the moment that the source gives, changed by the rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from trakt_ical.model import Airing, Episode, Moment, Movie, StepRecorder, ignore_step
from trakt_ical.transform.filters import fold_text, list_names
from trakt_ical.transform.rules import Dates, Hours, Rules
from trakt_ical.wording import format_clock

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class EventTimes(NamedTuple):
    """Start and end of an event: both instants in UTC, or both dates."""

    start: Moment
    end: Moment


def find_event_times(airing: Airing, rules: Rules, zone: tzinfo, tell: StepRecorder = ignore_step) -> EventTimes:
    """Return when *airing* is shown; *zone* is the subscriber's, *tell* hears the rules that decided."""
    if isinstance(airing, Movie):
        day = airing.days.get(rules.country, airing.starts)
        if rules.country:
            known = "comes out on" if rules.country in airing.days else "has no known date; its first date anywhere is"
            tell("In %s (country) it %s %s.", rules.country, known, day)
        return EventTimes(day, day + DAY)
    start = _find_start(airing, rules, zone, tell)
    if not isinstance(start, datetime):
        return EventTimes(start, start + DAY)
    return EventTimes(start, start + find_runtime(airing, rules, tell))


def find_runtime(episode: Episode, rules: Rules, tell: StepRecorder = ignore_step) -> timedelta:
    """Return how long *episode* lasts: its own runtime, else its show's, else the default."""
    for runtime, source in ((episode.runtime, "the episode"), (episode.show.runtime, "the show")):
        if runtime:
            tell("It lasts %d min, the runtime of %s.", runtime // MINUTE, source)
            return runtime
    tell("It lasts %d min (default_runtime), since no runtime is known.", rules.default_runtime // MINUTE)
    return rules.default_runtime


def find_moment(episode: Episode, rules: Rules, tell: StepRecorder = ignore_step) -> Moment:
    """Return the moment that counts, of those that the source gives, before any rule moves it."""
    if rules.dates is Dates.RELEASED and episode.released is not None:
        tell("dates = released uses the earlier release: %s.", episode.released)
        return episode.released
    if episode.midnight is not None and fold_text(episode.show.network or "") in rules.midnight_networks:
        tell("midnight_networks names %s: 00:00 is the real hour.", episode.show.network)
        return episode.midnight
    return episode.starts


def find_day_margin(rules: Rules) -> int:
    """Return how many days at most lie between an airing's own day and the day that it is shown on."""
    # An offset is at most a day; a late night puts an airing on the day before. Both may come together.
    days = 1 if rules.offsets else 0
    return days + (1 if rules.late_night and rules.hours is Hours.WHOLE_DAY else 0)


def describe_placing(rules: Rules) -> str:
    """Return the part of *rules* that may put an airing on another day than Trakt does, as a text; "" if none does."""
    # late_night decides nothing unless whole days are shown: then changing it must not look like a new placing.
    late_night = rules.late_night if rules.hours is Hours.WHOLE_DAY else 0
    offsets = rules.offsets
    placing: tuple[object, ...] = ()
    if rules.offsets or late_night or rules.country:
        networks, shows = sorted(offsets.networks.items()), sorted(offsets.shows.items())
        placing = (late_night, offsets.everything, networks, shows, rules.country)
    if rules.dates is not Dates.AIRED:
        placing += (rules.dates.value,)
    if rules.midnight_networks:
        placing += (sorted(rules.midnight_networks),)
    return repr(placing) if placing else ""


def _find_start(episode: Episode, rules: Rules, zone: tzinfo, tell: StepRecorder) -> Moment:
    # An offset needs an hour to move. A date that was moved by hours would be the same date, or a wrong one.
    start = find_moment(episode, rules, tell)
    if isinstance(start, datetime):
        if rules.offsets:
            start += _find_offset(episode, rules, tell)
        return _find_whole_day(start, rules, zone, tell) if rules.hours is Hours.WHOLE_DAY else start
    hour = (
        _find_unknown_hour(episode, rules, zone, tell) if rules.hours is Hours.EXACT and rules.unknown_hours else None
    )
    return start if hour is None else datetime.combine(start, hour, zone).astimezone(UTC)


def _find_unknown_hour(episode: Episode, rules: Rules, zone: tzinfo, tell: StepRecorder) -> time | None:
    """Return the hour at which an episode with an unknown hour is shown; None shows it as a whole day."""
    setting, hour = "unknown_hour", rules.unknown_hours.everything
    for name in list_names(episode.show):
        if name in rules.unknown_hours.shows:
            setting, hour = f"show_unknown_hours of {name}", rules.unknown_hours.shows[name]
            break
    if hour is None:
        tell("%s shows it as a whole-day event.", setting)
    else:
        tell("%s puts it at %s of that date in %s.", setting, f"{hour:%H:%M}", zone)
    return hour


def _find_offset(episode: Episode, rules: Rules, tell: StepRecorder) -> timedelta:
    """Return by how much a known hour is moved: a show's offset wins over a network's, that over the calendar's."""
    offsets = rules.offsets
    for name in list_names(episode.show):
        if name in offsets.shows:
            tell("show_offsets moves %s by %s.", name, _format_minutes(offsets.shows[name]))
            return offsets.shows[name]
    network = fold_text(episode.show.network or "")
    if network in offsets.networks:
        tell("network_offsets moves %s by %s.", network, _format_minutes(offsets.networks[network]))
        return offsets.networks[network]
    if offsets.everything:
        tell("offset moves it by %s.", _format_minutes(offsets.everything))
    return offsets.everything


def _find_whole_day(start: datetime, rules: Rules, zone: tzinfo, tell: StepRecorder) -> date:
    # The only place where the subscriber's zone dates an event: an instant has no day of its own.
    local = start.astimezone(zone)
    tell("hours = whole-day dates it in %s, where it is %s.", zone, format_clock(local))
    if local.hour < rules.late_night:
        tell("That is before late_night = %d, so it belongs to the day before.", rules.late_night)
        return local.date() - DAY
    return local.date()


def _format_minutes(span: timedelta) -> str:
    return f"{span // timedelta(minutes=1):+d} min"
