"""Looks at each calendar of the settings: whether it is whole and young, its size, and the folder it is written to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from trakt_ical.app.calendar_specs import make_calendar_id
from trakt_ical.app.context import App
from trakt_ical.app.doctor.finding import Finding, Grade, make_failure, make_warning
from trakt_ical.app.folder_faults import find_folder_fault
from trakt_ical.app.open_source import check_required_settings
from trakt_ical.app.outputs import OLD_STATUS, WrittenOutput
from trakt_ical.config import Calendar
from trakt_ical.errors import LoginNeeded, OutputError, SettingsError, TraktIcalError
from trakt_ical.export.output import make_store, read_output
from trakt_ical.export.stores.address import is_bucket_address
from trakt_ical.export.stores.protocol import Failure
from trakt_ical.wording import describe_past, describe_span

NEARLY = 0.9  # of max_bytes


def check_outputs(apps: Sequence[App], outputs: Sequence[WrittenOutput]) -> Iterator[Finding]:
    """Check each output that the settings of *apps* name, and each feed that was refreshed; *outputs* are all known."""
    for app in apps:
        for calendar in app.calendars:
            if calendar.has_output:
                known = [each for each in outputs if not each.is_feed and each.calendar == calendar.title]
                yield from _check_output(app, calendar, known[0] if known else None)
    now = apps[0].environment.now() if apps else None
    for output in outputs:
        if output.is_feed and now:
            yield _grade_age(f"feed {output.calendar}", output, now, f"Its stored copy is {output.state.output}.")


def _check_output(app: App, calendar: Calendar, known: WrittenOutput | None) -> Iterator[Finding]:
    subject, settings = f"calendar {calendar.title}", calendar.settings
    try:
        check_required_settings(app)
    except SettingsError:
        return  # told with the source
    try:
        store = make_store(settings.output)
        found = read_output(store, app.folders.state, make_calendar_id(app, calendar))
    except LoginNeeded:
        return  # whose calendar it must be is not known; the login is a finding of its own
    except TraktIcalError as error:
        yield make_failure(subject, error)
        return
    if found.snapshot is None:
        yield from _check_folder(subject, settings.output)
        yield make_warning(subject, f"{store.describe()} has not been written yet.", "Run: trakt-ical export")
        return
    size = len(found.snapshot.octets)
    about = f"{store.describe()}: {size:,} bytes, {len(found.stored.events) if found.stored else 0} events."
    if known is None:  # its state was lost with another computer, or pruned
        yield make_warning(subject, f"{about} When it was written is not known.", "Run: trakt-ical export")
    else:
        yield _grade_age(subject, known, app.environment.now(), about)
    yield from _check_size(subject, size, known, settings.max_bytes)
    yield from _check_folder(subject, settings.output)


def _grade_age(subject: str, output: WrittenOutput, now: datetime, about: str) -> Finding:
    state = output.state
    message = f"{about} Last success: {describe_past(state.last_success, now)}."
    remedy = "Start trakt-ical serve, or look at its log." if output.is_feed else "Run: trakt-ical export -v"
    if state.failure:
        remedy = _find_remedy(state.failure, remedy)
        message += f" Failing since {describe_past(state.failure.since, now)}: {state.failure.message}"
    if state.guard_since:
        message = f"{about} An update is held back since {describe_past(state.guard_since, now)}."
        remedy = f"If that is right, accept the update. Run: {output.accept_command}"
    if output.is_old(now):
        message += f" That is older than {describe_span(output.limit)}."
        status = state.failure.exit_status if state.failure else OLD_STATUS
        return Finding(subject=subject, message=message, grade=Grade.FAILED, remedy=remedy, exit_status=status)
    if state.failure or state.guard_since:
        return make_warning(subject, message, remedy)
    return Finding(subject=subject, message=message)


def _find_remedy(failure: Failure, usual: str) -> str:
    """Return what to do about *failure*: what its message says, else what the *usual* remedy is."""
    _, mark, advice = failure.message.partition("Run: ")
    if mark:
        return mark + advice
    if failure.exit_status == OutputError.exit_code:
        return "Fix that. The next run writes the calendar."
    return f"The next run catches up. {usual}"


def _check_size(subject: str, size: int, known: WrittenOutput | None, limit: int) -> Iterator[Finding]:
    last = known.state.last_run if known else None
    cut = last.summary.over_limit if last else 0
    remedy = "Include fewer days (back, ahead, keep_days) or fewer shows, or raise max_bytes if you do not use Google."
    if cut:
        yield make_warning(subject, f"{cut} events were left out: the limit is {limit:,} bytes.", remedy)
    elif limit and size > limit * NEARLY:
        yield make_warning(subject, f"It is near the limit of {limit:,} bytes. Then events are left out.", remedy)


def _check_folder(subject: str, output: str) -> Iterator[Finding]:
    if is_bucket_address(output):
        return
    folder = Path(os.path.realpath(Path(output).expanduser())).parent
    if fault := find_folder_fault(folder):
        yield make_failure(subject, OutputError(fault.message), f"Name another output. Or: {fault.remedy}")
    elif not folder.is_dir():
        error = OutputError(f"The folder {folder} does not exist.")
        yield make_failure(subject, error, f"Make it: mkdir -p '{folder}'")
