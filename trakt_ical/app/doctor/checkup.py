"""All checks of the doctor, in the order in which one would mend what they find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from trakt_ical.app.context import Accounts, App
from trakt_ical.app.doctor.bucket_checks import check_buckets
from trakt_ical.app.doctor.computer_checks import check_leftovers, check_rights, check_schedule, describe_settings
from trakt_ical.app.doctor.feed_checks import check_public_feed
from trakt_ical.app.doctor.finding import Finding
from trakt_ical.app.doctor.output_checks import check_outputs
from trakt_ical.app.doctor.push_checks import check_pushes
from trakt_ical.app.doctor.source_checks import check_source
from trakt_ical.app.outputs import ask_buckets, list_outputs


def check_all(accounts: Accounts, schedule: str) -> Iterator[Finding]:
    """Check everything, all accounts and their calendars; *schedule* is the name of the schedule of this run."""
    apps, environment = accounts.open_owners(), accounts.environment
    outputs = ask_buckets(apps, list_outputs(apps))
    yield from describe_settings(accounts)
    for app in apps:
        yield from _name_account(check_source(app), app, apps)
    yield from check_outputs(apps, outputs)
    for app in apps:
        yield from check_buckets(app)
        yield from _name_account(check_pushes(app), app, apps)
    yield from check_rights(accounts, apps)
    yield check_schedule(schedule, environment.environ, environment.now(), outputs)
    for app in apps:
        yield from _name_account(check_public_feed(app), app, apps)
    yield check_leftovers(outputs)


def _name_account(findings: Iterable[Finding], app: App, apps: Sequence[App]) -> Iterator[Finding]:
    """Yield *findings*, each with the account of *app* as its own, where there are several *apps*."""
    for finding in findings:
        yield replace(finding, account=app.account) if len(apps) > 1 else finding
