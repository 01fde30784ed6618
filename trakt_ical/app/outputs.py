"""The outputs that earlier runs wrote: whose each one is, and whether it is older than it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote

import msgspec

from trakt_ical.app.calendar_specs import make_calendar_id
from trakt_ical.app.context import App
from trakt_ical.app.feed_folder import find_user, make_feed_folder
from trakt_ical.config import Calendar
from trakt_ical.errors import OutputError, TraktIcalError
from trakt_ical.export.ics import parse_owner
from trakt_ical.export.output import Output, make_store, read_output
from trakt_ical.export.stores.address import hide_path, is_bucket_address
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import OutputState, StateFile, continue_failure, load_states

OLD_EXPORT = timedelta(hours=36)  # a schedule runs at least once a day, and a computer may sleep for a night
OLD_FEED = timedelta(hours=3)  # the least; a server restarts, a source is down for an hour
MISSED_REFRESHES = 3
OLD_STATUS = 5  # the exit status: most outputs are old since their source cannot be reached
PUSHED = "push "  # begins what the state of a push calls it


class WrittenOutput(msgspec.Struct, frozen=True):
    """An output that a run wrote or tried to write, its *state* kept in the file *path*.

    *account* and *calendar* are what it is of, None where the settings name it no more. Without a success for longer
    than *limit* it is old.
    """

    path: Path
    state: OutputState
    limit: timedelta
    account: str | None = None
    calendar: str | None = None
    is_feed: bool = False

    @property
    def is_configured(self) -> bool:
        """Whether the settings still name it."""
        return self.calendar is not None

    def is_old(self, now: datetime) -> bool:
        """Whether it should have been written again by *now*. What is configured no more is never old."""
        failure = self.state.failure
        since = self.state.last_success or (failure.since if failure else now)
        return self.is_configured and now - since > self.limit

    @property
    def accept_command(self) -> str:
        """How the user accepts an update that is held back."""
        name = f" {quote(self.calendar)}" if self.calendar else ""
        return f"trakt-ical feed accept{name}" if self.is_feed else f"trakt-ical export{name} --accept-shrink"


def load_stored_output(app: App, calendar: Calendar) -> Output:
    """Load the calendar's output, or else the feed's copy of it, or nothing. Raises OutputError."""
    return next(list_stored_outputs(app, calendar), Output())


def list_stored_outputs(app: App, calendar: Calendar) -> Iterator[Output]:
    """Yield the calendar's output and the feed's copy of it, where a calendar is there.

    Raises OutputError where the output is not this calendar: an export would stop there as well.
    """
    calendar_id = make_calendar_id(app, calendar)
    named_stores = [make_store(calendar.settings.output)] if calendar.has_output else []
    for store in (*named_stores, make_feed_folder(app).make_store(calendar.title)):
        output = read_output(store, app.folders.state, calendar_id)
        if output.stored:
            yield output


def list_outputs(apps: Sequence[App], max_age: timedelta | None = None) -> list[WrittenOutput]:
    """Return the outputs of earlier runs, by their names; *apps* are all accounts of the settings.

    With *max_age* each one is old that was not written for so long. What the settings do not name is listed only where
    it is known to be of one of these accounts: several settings files may share a folder, and be several people's. The
    world's calendar is nobody's, so there the settings file of its last run decides.
    """
    if not apps:
        return []
    known = {path: (app.account, title, is_feed, limit) for app in apps for path, title, is_feed, limit in _list(app)}
    relative = [
        (app.account, calendar.title, Path(calendar.settings.output))
        for app in apps
        for calendar in app.calendars
        if calendar.has_output and not Path(calendar.settings.output).expanduser().is_absolute()
    ]
    owners = {(app.calendar_api, user) for app in apps if (user := find_user(app))}
    found = []
    for path, state in load_states(apps[0].folders.state):
        account, title, is_feed, limit = known.get(path) or _find_elsewhere(state, relative)
        owner = parse_owner(state.scope)
        is_ours = owner in owners if owner[1] else state.settings_file == apps[0].settings_file
        if title is not None or is_ours:
            found.append(WrittenOutput(path, state, max_age or limit, account, title, is_feed))
    return found + list(_list_pushed(apps, max_age or OLD_EXPORT))


def ask_buckets(
    apps: Sequence[App], outputs: Sequence[WrittenOutput], max_age: timedelta | None = None
) -> list[WrittenOutput]:
    """Return *outputs* with what lies beside the calendars in buckets, for each without a recent success here.

    Another computer, perhaps one without a memory, may write there. Each costs one request; one that cannot be asked
    has that as its failure.
    """
    found = {each.path: each for each in outputs}
    for app in apps:
        now = app.environment.now()
        for calendar in app.calendars:
            output = calendar.settings.output
            path = StateFile(app.folders.state, output).path
            known = found.get(path)
            if not is_bucket_address(output) or (known and known.state.last_success and not known.is_old(now)):
                continue
            before = known or WrittenOutput(
                path, OutputState(output=hide_path(output)), max_age or OLD_EXPORT, app.account, calendar.title
            )
            found[path] = msgspec.structs.replace(before, state=_ask_bucket(output, before.state, now))
    return list(found.values())


def _ask_bucket(output: str, known: OutputState, now: datetime) -> OutputState:
    """Return the newer of what is *known* of *output* in a bucket and what lies there."""
    from trakt_ical.export.stores.bucket import BucketStore  # few outputs are in one

    try:
        shared = BucketStore(output).load_state()
    except TraktIcalError as error:
        return msgspec.structs.replace(known, failure=known.failure or continue_failure(None, error, now))
    if shared is None or shared.last_success is None:
        return known
    return known if known.last_success and known.last_success >= shared.last_success else shared


def list_destinations(app: App, calendar: Calendar) -> list[WrittenOutput]:
    """Return where *calendar* goes besides its feed, each with its last success: its output, then its push.

    Nothing is asked of a server. An output that no run here has tried to write is left out, since each calendar has one
    by default; a push that was never tried has neither success nor failure.
    """
    found = []
    if calendar.has_output:
        output = calendar.settings.output
        file = StateFile(app.folders.state, _find_store_name(output), hide_path(output))
        if file.path.exists():
            found.append(WrittenOutput(file.path, file.load(), OLD_EXPORT, app.account, calendar.title))
    if calendar.settings.push:
        found.append(_describe_push(app, calendar.settings.push, OLD_EXPORT))
    return found


def _list_pushed(apps: Sequence[App], limit: timedelta) -> Iterator[WrittenOutput]:
    """Yield the calendars on servers that earlier runs pushed to."""
    for app in apps:
        for name in app.push_names:
            push = _describe_push(app, name, limit)
            if push.path.exists():
                yield push


def _describe_push(app: App, name: str, limit: timedelta) -> WrittenOutput:
    from trakt_ical.app.push_state import open_push_state  # few people push

    file = open_push_state(app, app.resolved.pushes[name])
    known = file.load_if_readable() if file.path.exists() else None
    state = OutputState(output=PUSHED + name)
    if known:
        state.last_success, state.last_change, state.failure = known.last_success, known.last_change, known.failure
    titles = ", ".join(each.title for each in app.calendars if each.settings.push == name)
    return WrittenOutput(file.path, state, limit, app.account, titles)


def forget_outputs(outputs: Sequence[WrittenOutput]) -> None:
    """Delete what is known of *outputs*; the calendars themselves stay. Raises OutputError."""
    for output in outputs:
        try:
            output.path.unlink(missing_ok=True)
            output.path.with_name(output.path.name + ".lock").unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{output.path} cannot be removed: {error.strerror}.") from error


def find_feed_limit(app: App) -> timedelta:
    """Return from what age on a feed of *app* is old."""
    return max(OLD_FEED, MISSED_REFRESHES * timedelta(minutes=app.settings.refresh))


def _list(app: App) -> Iterator[tuple[Path, str, bool, timedelta]]:
    """Return the state file, calendar and limit of each output and each feed that the settings of *app* name."""
    states = app.folders.state
    for calendar in app.calendars:
        if calendar.has_output:
            yield StateFile(states, _find_store_name(calendar.settings.output)).path, calendar.title, False, OLD_EXPORT
    if app.folders.feed.is_dir():
        folder = make_feed_folder(app)
        limit = find_feed_limit(app)
        for calendar in app.calendars:
            # The memory of a calendar that is only pushed lies there too, and an export may be what writes it.
            is_exported = calendar.settings.push and not calendar.settings.output
            own = max(limit, OLD_EXPORT) if is_exported else limit
            yield folder.make_state_file(calendar.title).path, calendar.title, True, own


def _find_store_name(output: str) -> str:
    """Return what the store at *output* calls itself. A bucket's is not opened: that needs an extra, and time."""
    return output if is_bucket_address(output) else FileStore(Path(output).expanduser()).name


def _find_elsewhere(
    state: OutputState, relative: Sequence[tuple[str, str, Path]]
) -> tuple[str | None, str | None, bool, timedelta]:
    """Return what *state* is of where the settings name it from another folder than this one."""
    parts = Path(state.output).parts
    for account, title, path in relative:
        if parts[-len(path.parts) :] == path.parts and Path(state.output).exists():
            return account, title, False, OLD_EXPORT
    return None, None, False, OLD_EXPORT
