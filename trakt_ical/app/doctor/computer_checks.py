"""Looks at this computer: settings file, rights of the program's files, schedule, what earlier settings left."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from trakt_ical.app.context import Accounts, App
from trakt_ical.app.doctor.finding import Finding, make_failure, make_warning
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.folder_faults import find_folder_faults
from trakt_ical.app.outputs import WrittenOutput
from trakt_ical.app.schedule import choose_scheduler
from trakt_ical.config import SECRETS
from trakt_ical.errors import OutputError, SettingsError, TraktIcalError
from trakt_ical.wording import describe_count

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def describe_settings(accounts: Accounts) -> Iterator[Finding]:
    """Tell which settings file there is; its errors were told before."""
    file, calendars = accounts.resolved.file, accounts.resolved.calendars
    count = describe_count(len(calendars), "calendar")
    if file.exists():
        yield Finding(subject="settings", message=f"{file} has no errors: {count}.")
    else:
        yield Finding(subject="settings", message=f"There is no file {file}; defaults are used: {count}.")
    for warning in accounts.resolved.warnings:
        yield make_warning("settings", warning, f"Edit {file}.")


def check_rights(accounts: Accounts, apps: Sequence[App]) -> Iterator[Finding]:
    """Check that what is secret is for its owner alone, and that the program may write where it must."""
    if os.name == "nt":  # its rights are of another kind, and the folder of a user is the user's alone
        return
    folders, paths = accounts.folders, [app.token_file.path for app in apps]
    has_passwords = any(target.password for target in accounts.resolved.pushes.values())
    if has_passwords or any(getattr(app.settings, name) for app in apps for name in SECRETS):
        paths.append(accounts.resolved.file)
    if folders.feed.is_dir():
        paths += [make_feed_folder(app).secrets_file.path for app in apps]
    open_to_others = [path for path in dict.fromkeys(paths) if path.is_file() and path.stat().st_mode & OTHERS]
    for path in open_to_others:
        yield make_warning("rights", f"Other users of this computer can read {path}.", f"Run: chmod 600 '{path}'")
    faults = list(find_folder_faults(folders.working_folders))
    for fault in faults:
        yield make_failure("rights", OutputError(fault.message), fault.remedy)
    if not open_to_others and not faults:
        yield Finding(subject="rights", message="Secrets are readable by you alone, and all folders can be written to.")


def check_schedule(name: str, environ: Mapping[str, str], now: datetime, outputs: Sequence[WrittenOutput]) -> Finding:
    """Check that the schedule *name* is there, or a server that does its work."""
    install = "Run: trakt-ical schedule install"
    try:
        found = choose_scheduler(None, environ).find_status(name, now)
    except SettingsError as error:
        return make_warning("schedule", str(error), "Start trakt-ical export from a job of your own.")
    except TraktIcalError as error:
        return make_failure("schedule", error)
    if found.installed:
        next_run = f" Next run: {found.next_run}." if found.next_run else ""
        if "not active" in " ".join(found.notes):
            return make_warning("schedule", f"{name} ({found.scheduler}) is installed, but not active.", install)
        return Finding(subject="schedule", message=f"{name} is installed ({found.scheduler}).{next_run}")
    if any(output.is_feed and not output.is_old(now) for output in outputs):
        return Finding(subject="schedule", message="None is installed; a server refreshes the feeds.")
    return make_warning("schedule", "No schedule is installed, so nothing here exports by itself.", install)


def check_leftovers(outputs: Sequence[WrittenOutput]) -> Finding:
    """Tell what is known of outputs that the settings name no more."""
    left = [output.state.output for output in outputs if not output.is_configured]
    if not left:
        return Finding(subject="leftovers", message="Nothing is left of outputs that your settings no longer name.")
    message = f"Left from earlier runs, and no longer in your settings: {', '.join(left)}."
    return make_warning("leftovers", message, "Run: trakt-ical status --prune")
