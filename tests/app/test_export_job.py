"""`export` as a scheduled job: what it reports, what it forgives, and the command that it runs after a change."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import Line

DOWN = {"TRAKT_ICAL_API_URL": "http://127.0.0.1:1"}  # nobody listens there


def test_json_says_what_became_of_each_calendar(line: Line) -> None:
    """Status, days, number of events and changes; an error is a row too."""
    [row] = json.loads(line("export", "--json").stdout)
    assert (row["calendar"], row["output"], row["status"], row["error"]) == ("Trakt", str(line.ics), 0, None)
    assert row["changed"] is True
    assert row["events"] == len(row["changes"]) > 0
    assert row["first"] <= row["last"]
    [row] = json.loads(line("export", "--json").stdout)
    assert (row["changed"], row["changes"]) == (False, [])
    result = line("export", "--json", environ=DOWN)
    [row] = json.loads(result.stdout)
    assert (result.exit_code, row["status"]) == (5, 5)
    assert row["error"]


def test_a_dry_run_changes_nothing(line: Line) -> None:
    """It says what would change, and writes neither the calendar nor its state."""
    result = line("export", "--dry-run", "--changes")
    assert result.exit_code == 0
    assert result.stdout.count("\n") > 10
    assert not line.ics.exists()
    assert json.loads(line("status", "--json").stdout)["outputs"] == []
    line("export")
    before = line.ics.read_bytes()
    [row] = json.loads(line("export", "--kind", "movies", "--dry-run", "--json").stdout)
    assert row["changed"] is True
    assert line.ics.read_bytes() == before
    [row] = json.loads(line("export", "--dry-run", "--json").stdout)
    assert row["changed"] is False


@pytest.mark.parametrize("option", ["--dry-run", "--json", "--changes"])
def test_standard_output_is_for_one_thing(line: Line, option: str) -> None:
    """A calendar on standard output leaves no room for a report, and a dry run of it is no other run."""
    assert line("export", "-o", "-", option).exit_code == 2


def test_within_the_grace_a_failing_source_is_a_warning(line: Line) -> None:
    """While the last good calendar is younger than the span; afterwards, and without any, it is exit status 5."""
    assert line("export", "--grace", "24h", environ=DOWN).exit_code == 5
    line("export")
    line.clock.pass_by(hours=23)
    result = line("export", "--grace", "24h", environ=DOWN)
    assert result.exit_code == 0
    assert "Warning: " in result.stderr
    assert line("export", environ=DOWN).exit_code == 5
    line.clock.pass_by(hours=1)
    assert line("export", "--grace", "24h", environ=DOWN).exit_code == 5
    assert line("export", "--grace", "2d", environ=DOWN).exit_code == 0


def test_the_grace_is_for_the_source_alone(line: Line) -> None:
    """A file that is not ours is no outage."""
    line("export")
    line.ics.write_text("something else")
    assert line("export", "--grace", "24h").exit_code == 6


@pytest.mark.parametrize("span", ["24", "x", "-1h", "1.5h", "99999h", "٣h"])
def test_a_span_has_a_unit(line: Line, span: str) -> None:
    """Whatever is no length of time is wrong usage."""
    assert line("export", "--grace", span).exit_code == 2


def test_a_failing_output_is_named_by_status_until_it_succeeds(line: Line) -> None:
    """Since when, and why; the next success ends it."""
    line("export")
    line.clock.pass_by(hours=1)
    line("export", environ=DOWN)
    since = line.clock()
    line.clock.pass_by(hours=1)
    line("export", environ=DOWN)
    [row] = json.loads(line("status", "--json").stdout)["outputs"]
    assert since.isoformat() <= row["failing_since"] < line.clock().isoformat()
    assert row["failure"]
    assert row["failure"] in line("status").stdout
    line("export")
    [row] = json.loads(line("status", "--json").stdout)["outputs"]
    assert (row["failing_since"], row["failure"]) == (None, None)


def make_hook(program: str) -> dict[str, str]:
    """Return the setting that runs the Python *program* after a change."""
    return {"TRAKT_ICAL_AFTER_CHANGE": shlex.join([sys.executable, "-c", program])}


def test_a_command_runs_after_a_change(line: Line) -> None:
    """With the file and the calendar's name in its environment; not where nothing changed, nor after a dry run."""
    log = line.folder / "log"
    variables = "os.environ['TRAKT_ICAL_FILE'] + '|' + os.environ['TRAKT_ICAL_NAME']"
    hook = make_hook(f"import os; open({str(log)!r}, 'a').write({variables})")
    assert line("export", "--dry-run", environ=hook).exit_code == 0
    assert not log.exists()
    assert line("export", environ=hook).exit_code == 0
    assert line("export", environ=hook).exit_code == 0
    assert log.read_text() == f"{line.ics.resolve()}|Trakt"


def test_a_command_that_fails_is_reported_after_the_calendar_was_written(line: Line) -> None:
    """Exit status 6 with the last thing that it said; its output never reaches standard output."""
    hook = make_hook("import sys; print('to nowhere'); sys.exit('no such remote')")
    result = line("export", environ=hook)
    assert (result.exit_code, result.stdout) == (6, "")
    assert "no such remote" in result.stderr
    assert line.ics.exists()
    assert line("export", environ=hook).exit_code == 0


def test_the_command_may_be_this_program(line: Line, tmp_path: Path) -> None:
    """The variables for the command are no settings to it: it names no calendar by them."""
    hook = {"TRAKT_ICAL_FILE": str(tmp_path / "x.ics"), "TRAKT_ICAL_NAME": "Shows"}
    settings = {each["name"]: each["value"] for each in json.loads(line("config", "--json", environ=hook).stdout)}
    assert settings["name"] == ""
    assert line("export", environ=hook).exit_code == 0
