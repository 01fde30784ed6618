"""`trakt-ical doctor`: check everything, and say how to fix what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run
from trakt_ical.cli.schedule import name_usual_schedule
from trakt_ical.cli.terminal import write_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trakt_ical.app.doctor.finding import Finding


@click.command("doctor", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_obj
def command(run: Run, /, as_json: bool) -> None:
    """Check everything, and say how to fix what is wrong.

    It checks the settings, asks Trakt whether it accepts your login, and looks at the clock, the limits, each calendar,
    the rights of files, the schedule, the feed at its public address and at what earlier settings left behind. It
    compares calendars on CalDAV servers with yours. In a bucket it writes an object of its own, and deletes it.
    Nothing else is changed. The exit status is that of the first check that failed; warnings leave it 0.
    """
    findings = []
    for found in _check(run):
        finding = _complete(run, found)
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        import msgspec

        rows = [msgspec.to_builtins(finding) for finding in findings]
        write_line(json.dumps({"findings": rows}, ensure_ascii=False, indent=2))
    click.get_current_context().exit(next((each.exit_status for each in findings if each.exit_status), 0))


def _check(run: Run) -> Iterator[Finding]:
    from trakt_ical.app.doctor.checkup import check_all
    from trakt_ical.app.doctor.finding import make_failure
    from trakt_ical.errors import SettingsError

    try:
        with run.accounts({}) as accounts:
            yield from check_all(accounts, name_usual_schedule(run))
    except SettingsError as error:  # of the settings file: nothing else can be checked without it
        for each in (error, *error.others):
            yield make_failure("settings", each)


def _complete(run: Run, finding: Finding) -> Finding:
    """Return *finding* with commands that are about the same files and server as this one."""
    import msgspec

    message, remedy = run.complete_advice(finding.message), run.complete_advice(finding.remedy)
    return msgspec.structs.replace(finding, message=message, remedy=remedy)


def _print(finding: Finding) -> None:
    """Print *finding* with its remedy below."""
    subject = finding.subject + (f" ({finding.account})" if finding.account else "")
    write_line(f"{finding.grade.value:<8}{subject}: {finding.message}")
    for row in finding.remedy.splitlines():
        write_line(f"        {row}")
