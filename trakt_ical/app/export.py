"""An export: what Trakt lists and the file that an earlier run wrote become the next file."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from trakt_ical.errors import BrokenAnswer, NotBelieved, OutputError, SettingsError
from trakt_ical.export.ics import Look, Scope
from trakt_ical.export.memory import Retention, Revised
from trakt_ical.model import DateRange
from trakt_ical.transform.rules import Rules

if TYPE_CHECKING:
    from trakt_ical.app.parts import App
    from trakt_ical.config import Settings
    from trakt_ical.export.previous import Previous
    from trakt_ical.export.state import State, StateFile
    from trakt_ical.pipeline import Progress, Recipe, Remember

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one export is asked for, besides the settings.

    *first* and *days* stand in for `back` and `ahead`. *previous* names the calendar to go on from,
    if not the output itself. *force* replaces what is not ours, keeping a copy; *accept_shrink* believes
    a calendar that lost most of itself.
    """

    first: date | None = None
    days: int | None = None
    previous: Path | None = None
    force: bool = False
    accept_shrink: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to; *changed* tells whether the file is another one now, *zone* counts the days."""

    revised: Revised
    zone: tzinfo
    changed: bool


def export(app: App, wanted: Wanted, progress: Progress = lambda done, of: None) -> Exported:
    """Make the next calendar and write it to the output, unless that is "-".

    Raises TraktIcalError; the old file is then as it was.
    """
    from trakt_ical.export.state import StateFile

    if app.settings.output == "-":
        remember = _memory(app, wanted.previous, force=False) if wanted.previous else lambda: None
        return _made(app, wanted, remember, progress, believe=wanted.accept_shrink)
    target = Path(app.settings.output).expanduser()
    file = StateFile(app.folders.state, target)
    with file.locked():
        state = file.load()
        remember = _memory(app, target, force=wanted.force)
        with _guarded(app, file, state):
            believe = wanted.accept_shrink or _long_enough(app, state)
            made = _made(app, wanted, remember, progress, believe=believe)
        return _written(app, target, made, file, state)


def _memory(app: App, path: Path, *, force: bool) -> Remember:
    """How to get at the calendar at *path*, which is checked at once. With *force* what is not ours is put aside."""
    from trakt_ical.export import file
    from trakt_ical.export.previous import Damaged, read

    octets = file.read(path)
    if octets is None:
        return lambda: None
    try:
        _check_scope(read(octets), _scope(app))
    except Damaged as error:
        if not force:
            raise OutputError(
                f"{path} stays as it is: {error}. --force replaces it and keeps a copy as {path.name}.old"
            ) from error
        log.warning("The file that was there is now %s.", file.keep_aside(path, octets))
        return lambda: None
    return lambda: read(file.read(path) or b"")


def _check_scope(previous: Previous, scope: Scope) -> None:
    from trakt_ical.export.previous import Damaged

    was, now = previous.scope.rpartition("/")[0], str(scope).rpartition("/")[0]
    if was != now:
        raise Damaged(f"it is another calendar ({was}, not {now})")


def _made(app: App, wanted: Wanted, remember: Remember, progress: Progress, *, believe: bool) -> Exported:
    from trakt_ical import pipeline

    now = app.outside.now()
    try:
        with _uncollected(), app.source() as (source, zone):
            days = date_range(app.settings, now.astimezone(zone).date(), wanted.first, wanted.days)
            step = pipeline.revision(source, _recipe(app, days, zone), remember, now, progress)
            return Exported(step.revise(believe=believe), zone, changed=True)
    except (BrokenAnswer, NotBelieved):
        app.forget_answers()  # with their ETags, or a 304 would bring them back
        raise


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Let the garbage collector rest: in values without circles it finds nothing, and looking takes its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _recipe(app: App, days: DateRange, zone: tzinfo) -> Recipe:
    from trakt_ical.pipeline import Recipe

    settings = app.settings
    return Recipe(
        days=days,
        zone=zone,
        rules=Rules(default_runtime=timedelta(minutes=settings.default_runtime), spoilers=settings.spoilers),
        look=Look(),
        scope=_scope(app),
        retention=Retention(
            tombstone=timedelta(days=settings.tombstone_days),
            keep=timedelta(days=settings.keep_days),
            largest=settings.max_bytes,
        ),
    )


def _scope(app: App) -> Scope:
    settings = app.settings
    return Scope(settings.api, settings.source, app.owner, Look().name, settings.kind)


@contextlib.contextmanager
def _guarded(app: App, file: StateFile, state: State) -> Iterator[None]:
    """Remember since when a calendar is not believed, and say until when."""
    try:
        yield
    except NotBelieved as error:
        state.guard_since = state.guard_since or app.outside.now()
        file.save(state)
        until = state.guard_since + timedelta(days=app.settings.shrink_days)
        raise NotBelieved(f"{error} It is believed from {until:%Y-%m-%d} on, or now with --accept-shrink.") from error


def _long_enough(app: App, state: State) -> bool:
    """Whether the guard has held for so long that the answer must be true."""
    shrink = timedelta(days=app.settings.shrink_days)
    return state.guard_since is not None and app.outside.now() - state.guard_since >= shrink


def _written(app: App, target: Path, made: Exported, file: StateFile, state: State) -> Exported:
    from trakt_ical.export.file import write

    changed = write(target, made.revised.octets)
    state.guard_since = None
    state.last_success = app.outside.now()
    state.last_change = state.last_success if changed else state.last_change
    file.save(state)
    return Exported(made.revised, made.zone, changed)


def date_range(settings: Settings, today: date, first: date | None, days: int | None) -> DateRange:
    """The days to show: from *first* on (*days*, else 7, as API v1 has it), *days* from *today* on, or as set."""
    try:
        if first is None and days is None:
            return DateRange(today - timedelta(days=settings.back), settings.back + settings.ahead + 1)
        wanted = DateRange(first or today, days or 7)
        wanted.widened(1)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"These days cannot be asked for: {str(error).rstrip('.')}.") from error
    return wanted
