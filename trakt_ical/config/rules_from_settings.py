"""One calendar of the settings: its values checked together, and the rules for `transform` that they make."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import time, timedelta
from typing import Any

import msgspec

from trakt_ical.config.checks import find_wrong_values
from trakt_ical.config.problems import Problems
from trakt_ical.config.settings import FIELDS, Settings
from trakt_ical.config.values import GivenValue, parse_value, suggest_value
from trakt_ical.errors import SettingsError
from trakt_ical.fetch.sources import KINDS, SOURCES, WITH_APP, LoginMethod, SourceEntry
from trakt_ical.fetch.zones import find_country_code
from trakt_ical.transform import alarms, template
from trakt_ical.transform.codes import CodeStyle
from trakt_ical.transform.event_text import PARTS, MarkStyle, Words
from trakt_ical.transform.filters import Filters, Trait, fold_text
from trakt_ical.transform.rules import Dates, Group, Hours, Offsets, Rules, UnknownHours
from trakt_ical.transform.template import Template
from trakt_ical.wording import suggest_nearest

_UNKNOWN_HOURS = {"whole-day": None, "midnight": time(0)}
_HOUR = re.compile("([01]?[0-9]|2[0-3]):[0-5][0-9]")
ONLY = "Trakt"  # the name of the calendar where the settings name none


class Calendar(msgspec.Struct, frozen=True):
    """One calendar: its *name* ("" where the settings name none), its settings, and the rules made of them.

    *given* holds the values that were given, by setting; the other settings have their defaults.
    """

    name: str
    settings: Settings
    given: Mapping[str, GivenValue]
    rules: Rules

    @property
    def title(self) -> str:
        """The calendar's name for people."""
        return self.name or ONLY

    @property
    def has_output(self) -> bool:
        """Whether an export writes it to a file or a bucket: not to standard output, nor to its feed or push alone."""
        return self.settings.output not in ("", "-")

    def find_origin(self, setting: str) -> str:
        """Return where the value of *setting* comes from: `flag`, a variable, a file, `default`."""
        return self.given[setting].origin if setting in self.given else "default"


class WrongRule(ValueError):
    """The value of *setting* is no rule; *nearest* suggests the word that was perhaps wanted, or is ""."""

    def __init__(self, setting: str, reason: str, nearest: str = "") -> None:
        super().__init__(reason)
        self.setting = setting
        self.nearest = nearest


def make_calendar(name: str, given: Mapping[str, GivenValue]) -> Calendar:
    """Return the calendar *name* with the settings that are *given*.

    Raises SettingsError where a value is not allowed or contradicts another; it names the setting and its place.
    """
    problems, values = Problems(), {}
    for setting, each in given.items():
        try:
            values[setting] = parse_value(setting, each.value)
        except ValueError as error:
            hint = suggest_value(setting, each.value) if each.file else ()
            problems.add(_make_error(setting, given, f" must be {error}.", hint))
    settings = Settings(**values)
    for setting, reason in find_wrong_values(settings):
        problems.add(_make_error(setting, given, f" {reason}"))
        settings = _reset(settings, setting)
    # A calendar with a name may have no output: then only the feed serves it.
    if not settings.output and not name:
        problems.add(_make_error("output", given, " is not the name of a file."))
    if not problems:  # with a value that is wrong, others would seem to contradict it
        for setting, reason in find_contradictions(settings):
            problems.add(_make_error(setting, given, f" {reason}"))
    while True:
        try:
            rules = make_rules(settings)
        except WrongRule as error:
            # The next ones are found without it.
            problems.add(_make_error(error.setting, given, f": {error}.{error.nearest}"))
            settings = _reset(settings, error.setting)
            continue
        problems.raise_found()
        return Calendar(name, settings, given, rules)


def _reset(settings: Settings, name: str) -> Settings:
    """Return *settings* with the default of the setting *name*, so that what else is wrong can be found."""
    default: Any = FIELDS[name].default
    return dataclasses.replace(settings, **{name: default})


def _make_error(
    setting: str, given: Mapping[str, GivenValue], reason: str, hint: tuple[str, ...] = ()
) -> SettingsError:
    """Return the error that *setting* has for *reason*, with its place; *hint* says what to write."""
    if setting not in given:
        return SettingsError(setting + reason)
    quoted = given[setting].quote(setting)
    return SettingsError(f"{setting} ({given[setting].locate()}){reason}", (*quoted, *hint) if quoted else ())


def make_rules(settings: Settings) -> Rules:
    """Return the rules that *settings* give. Raises WrongRule."""
    return Rules(
        default_runtime=timedelta(minutes=settings.default_runtime),
        dates=Dates(settings.dates),
        midnight_networks=frozenset(map(fold_text, settings.midnight_networks)),
        hours=Hours(settings.hours),
        unknown_hours=UnknownHours(
            _read_hour("unknown_hour", settings.unknown_hour),
            {fold_text(name): _read_hour("show_unknown_hours", each) for name, each in settings.show_unknown_hours},
        ),
        late_night=settings.late_night,
        offsets=Offsets(
            timedelta(minutes=settings.offset),
            {fold_text(name): timedelta(minutes=each) for name, each in settings.network_offsets},
            {fold_text(name): timedelta(minutes=each) for name, each in settings.show_offsets},
        ),
        filters=_make_filters(settings),
        group=Group(settings.group),
        country=_read_country(settings.country),
        words=Words(
            title=_read_template(settings, "title"),
            movie_title=_read_template(settings, "movie_title"),
            description=_read_template(settings, "description"),
            location=_read_template(settings, "location") if settings.location else None,
            code=CodeStyle(settings.code),
            marks=MarkStyle(settings.marks),
            spoilers=settings.spoilers,
        ),
        alarms=tuple(map(_read_alarm, settings.alarms)),
    )


def find_contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each setting that contradicts another, with the reason, which follows the setting's name."""
    if not settings.kind:
        yield "kind", "is empty. Name at least one kind."
    if settings.checkin_links and not settings.public_url:
        yield "checkin_links", "needs public_url, the address under which others reach trakt-ical serve."
    # Compared as the filters compare: `Drama` and `drama`, `UK` and `gb` would contradict each other unseen.
    for trait in Trait:
        include, exclude = _read_chosen(settings, "include", trait), _read_chosen(settings, "exclude", trait)
        for both in sorted(include & exclude):
            yield f"exclude_{trait.value}", f"and include_{trait.value} both name {both}. Keep one."
    for name in ("show_specials", "network_offsets", "show_offsets", "show_unknown_hours"):
        for both in _find_contradicting(getattr(settings, name)):
            yield name, f"has two values for {both}. Keep one."
    for name in ("watched", "watchlist_only"):
        if settings.source == "all" and _is_given(settings, name):
            yield name, "needs your own calendar: set source to my."
    for name, reason in _find_beyond_source(settings, SOURCES[settings.api]):
        yield name, f"{reason} {WITH_APP}" if SOURCES[settings.api].stands_for else reason


def _find_beyond_source(settings: Settings, entry: SourceEntry) -> Iterator[tuple[str, str]]:
    """Yield each setting that the source of *entry* cannot follow, with the reason."""
    source = entry.capabilities
    if settings.checkin_links and source.check_in is None:
        yield "checkin_links", f"cannot be used: {source.name} has no check-in."
    others = [kind for kind in settings.kind if kind not in source.kinds]
    if others:
        yield "kind", f"must be {' or '.join(source.kinds)}: {source.name} has no calendar of {', '.join(others)}."
    if settings.source == "all" and not source.has_world_calendar:
        yield "source", f"must be my: {source.name} has no calendar of everything."
    if settings.country and not source.dates_by_country:
        yield "country", f"is about movies: {source.name} has no release dates of single countries."
    for name in ("include_languages", "exclude_languages"):
        if _is_given(settings, name) and not source.knows_languages:
            yield name, f"cannot be used: {source.name} does not say what language a show is in."
    for name in ("include_certifications", "exclude_certifications"):
        if _is_given(settings, name) and not source.knows_certifications:
            yield name, f"cannot be used: {source.name} knows no certifications."
    if settings.dates != FIELDS["dates"].default and source.login is LoginMethod.NONE:
        yield "dates", f"must be aired: {source.name} knows one date of each episode."
    personal = ("watched", "watchlist_only", *(("min_rating",) if source.rates_by_user else ()))
    for name in personal:
        if not _is_given(settings, name):
            continue
        if source.login is LoginMethod.NONE:
            yield name, f"cannot be used: {source.name} knows nothing about you."
        elif source.login is LoginMethod.PASSWORD and not (settings.username and settings.password):
            yield name, f"needs username and password: without them {source.name} says nothing about you."


def _is_given(settings: Settings, name: str) -> bool:
    """Whether the setting *name* differs from its default."""
    return bool(getattr(settings, name) != FIELDS[name].default)


def _find_contradicting(values: Collection[tuple[str, object]]) -> Iterator[str]:
    """Return the folded names that have more than one value in *values*."""
    pairs = {(fold_text(name), value) for name, value in values}
    names = [name for name, _ in pairs]
    return (name for name in sorted(set(names)) if names.count(name) > 1)


def _make_filters(settings: Settings) -> Filters:
    chosen = {
        rule: {trait: found for trait in Trait if (found := _read_chosen(settings, rule, trait))}
        for rule in ("include", "exclude")
    }
    return Filters(
        specials=settings.specials,
        show_specials={fold_text(name): shown for name, shown in settings.show_specials},
        include=chosen["include"],
        exclude=chosen["exclude"],
        min_rating=settings.min_rating,
        watched=settings.watched,
        watchlist_only=settings.watchlist_only,
        hidden=settings.hidden,
        dropped=settings.dropped,
    )


def _read_chosen(settings: Settings, rule: str, trait: Trait) -> frozenset[str]:
    """Return the folded values of `include_…` or `exclude_…`."""
    values = getattr(settings, f"{rule}_{trait.value}")
    if trait is Trait.COUNTRIES:
        values = [find_country_code(value) or value for value in values]
    return frozenset(map(fold_text, values))


def _read_country(text: str) -> str:
    code = find_country_code(text) or ""
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise WrongRule("country", f"{text!r} is not a country; write its two-letter code, such as us")
    return code


def _read_hour(setting: str, text: str) -> time | None:
    """Return the hour at which an unknown one is shown, None for the whole day."""
    if text in _UNKNOWN_HOURS:
        return _UNKNOWN_HOURS[text]
    if not _HOUR.fullmatch(text):
        reason = f"{text!r} is not an hour; write whole-day, midnight, or an hour such as 20:00"
        raise WrongRule(setting, reason, suggest_nearest(text, _UNKNOWN_HOURS))
    hour, minute = map(int, text.split(":"))
    return time(hour, minute)


def _read_template(settings: Settings, name: str) -> Template:
    try:
        return template.parse_template(getattr(settings, name), PARTS)
    except template.UnknownPart as error:
        raise WrongRule(name, str(error), suggest_nearest(error.name, PARTS)) from error
    except ValueError as error:
        raise WrongRule(name, str(error)) from error


def _read_alarm(text: str) -> alarms.AlarmRule:
    try:
        return alarms.parse_alarm(text, KINDS)
    except ValueError as error:
        raise WrongRule("alarms", str(error), suggest_nearest(text.partition(": ")[0], KINDS)) from error
