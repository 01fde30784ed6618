"""An export: what Trakt lists and the file that an earlier run wrote become the next file."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trakt_ical.errors import BrokenAnswer, NotBelieved, OutputError, SettingsError
from trakt_ical.export.ics import Look, Scope
from trakt_ical.export.memory import Retention, Revised, Revision
from trakt_ical.export.previous import Damaged, Previous, read
from trakt_ical.model import DateRange
from trakt_ical.transform.rules import Rules

if TYPE_CHECKING:
    from trakt_ical.app.parts import App
    from trakt_ical.config import Settings
    from trakt_ical.export.file import Mark
    from trakt_ical.export.state import State
    from trakt_ical.pipeline import Progress, Recipe, Remember

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one export is asked for, besides the settings.

    *first* and *days* stand in for `back` and `ahead`. *previous* names the calendar to go on
    from where the output is "-". *force* replaces what is not ours, keeping a copy; *accept_shrink* believes
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
    from trakt_ical.export.file import write
    from trakt_ical.export.state import StateFile

    if app.settings.output == "-":
        memory = _memory(app, wanted.previous, force=False) if wanted.previous else Memory(None, lambda: None)
        return Exported(*_made(app, wanted, memory.remember, progress, believe=wanted.accept_shrink), changed=True)
    target = Path(app.settings.output).expanduser()
    file = StateFile(app.folders.state, target)
    with file.locked():
        state = file.load()
        memory = _memory(app, target, force=wanted.force)
        try:
            made = _made(app, wanted, memory.remember, progress, believe=wanted.accept_shrink, state=state)
        except NotBelieved:
            file.save(state)
            raise
        changed = write(target, made[0].octets, memory.mark)
        state.succeeded(app.outside.now(), changed=changed)
        file.save(state)
    return Exported(*made, changed=changed)


class Memory(NamedTuple):
    """The previous calendar's file as it was found (None: nothing), and how to get at the calendar."""

    mark: Mark | None
    remember: Remember


def _memory(app: App, path: Path, *, force: bool) -> Memory:
    """The memory at *path*, which is checked at once. With *force* what is not ours is put aside."""
    from trakt_ical.export import file

    mark = file.mark(path)
    octets = file.read(path)
    if octets is None:
        return Memory(None, lambda: None)
    try:
        _read(app, octets)
    except Damaged as error:
        if not force:
            hint = "" if app.settings.output == "-" else f" --force replaces it and keeps a copy as {path.name}.old."
            raise OutputError(f"{path} stays as it is: {error}.{hint}") from error
        log.warning("The file that was there is now %s.", file.keep_aside(path, octets))
        return Memory(mark, lambda: None)

    def remember() -> Previous:
        file.check_mark(path, mark)
        return _read(app, file.read(path) or b"")

    return Memory(mark, remember)


def _read(app: App, octets: bytes) -> Previous:
    previous = read(octets)
    _check_scope(previous, _scope(app))
    return previous


def _check_scope(previous: Previous, scope: Scope) -> None:
    was, now = previous.scope.rpartition("/")[0], str(scope).rpartition("/")[0]
    if was != now:
        raise Damaged(f"it is another calendar ({was}, not {now})")


def _made(
    app: App, wanted: Wanted, remember: Remember, progress: Progress, *, believe: bool, state: State | None = None
) -> tuple[Revised, tzinfo]:
    """The next calendar, and the zone that its days are counted in."""
    from trakt_ical import pipeline

    now = app.outside.now()
    try:
        with _uncollected(), app.source() as (source, zone):
            days = date_range(app.settings, now.astimezone(zone).date(), wanted.first, wanted.days)
            step = pipeline.revision(source, _recipe(app, days, zone), remember, now, progress)
            return _revised(app, step, now, believe=believe, state=state), zone
    except (BrokenAnswer, NotBelieved):
        app.forget_answers()  # with their ETags, or a 304 would bring them back
        raise


def _revised(app: App, step: Revision, now: datetime, *, believe: bool, state: State | None) -> Revised:
    """The calendar of *step*, believed at once, or after the guard has held for its days against the same answer."""
    try:
        return step.revise()
    except NotBelieved as error:
        if not believe:
            if state is None:
                raise NotBelieved(f"{error} If it is true: --accept-shrink") from error
            until = state.doubt(error.missing, now) + timedelta(days=app.settings.shrink_days)
            if now < until:
                raise NotBelieved(
                    f"{error} It is believed from {until:%Y-%m-%d} on, or now with --accept-shrink.", error.missing
                ) from error
        app.forget_answers()  # whatever else is believed now, it is asked for anew
        return step.revise(believe=True)


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
