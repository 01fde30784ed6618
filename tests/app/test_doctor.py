"""`trakt-ical doctor` and `status`: each fault under a job is found, with its remedy and the exit status."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.conftest import Line
from tests.demos import Demo
from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli
from trakt_ical.demo.faults import Fault


def find(line: Line, subject: str, **environ: str) -> list[dict[str, Any]]:
    """Return what the doctor finds about *subject*."""
    result = line("doctor", "--json", environ=environ)
    found = [each for each in json.loads(result.stdout)["findings"] if each["subject"].startswith(subject)]
    assert found, f"nothing about {subject} in {result.stdout}"
    return found


def test_all_is_well_after_an_export(line: Line) -> None:
    """After an export nothing failed, and each subject has a finding."""
    assert line("export").exit_code == 0
    result = line("doctor")
    assert result.exit_code == 0
    assert "failed" not in result.stdout
    for subject in ("settings", "reachability", "login", "clock", "limits", "calendar", "rights", "schedule"):
        assert f"{subject}" in result.stdout


def test_a_login_that_trakt_refuses_is_found_by_asking(line: Line, demo: Demo) -> None:
    """A revoked login fails with exit status 4, although the token file looks well."""
    line("export")
    demo.misbehave(Fault(path="/users/settings", status=401, times=0), Fault(path="/oauth/token", status=401, times=0))
    result = line("doctor")
    assert result.exit_code == 4
    assert "trakt-ical login" in result.stdout


def test_a_server_that_is_down_is_told_with_what_is_old(line: Line, demo: Demo) -> None:
    """Trakt down for a week: exit status 5, and the calendar is old and failing since then; status exits 5 too."""
    line("export")
    demo.misbehave(Fault(path="/", status=503, times=0))
    line.clock.pass_by(days=1)
    assert line("export").exit_code == 5
    line.clock.pass_by(days=1)
    assert line("doctor").exit_code == 5
    [finding] = find(line, "calendar")
    assert finding["grade"] == "failed"
    assert "2026-04-19" in finding["message"]
    assert line("status").exit_code == 5


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=-3)])
def test_a_wrong_clock_is_found(line: Line, ahead: timedelta) -> None:
    """A clock that differs is named, by however much."""
    now = line.clock.now
    environment = Environment(lambda: now + ahead, line.clock.sleep, line.environ)
    result = CliRunner().invoke(cli, ["doctor", "--json"], obj=environment)
    [finding] = [each for each in json.loads(result.stdout)["findings"] if each["subject"] == "clock"]
    assert finding["grade"] != "ok"


def test_errors_of_the_settings_file_are_findings(line: Line, tmp_path: Path) -> None:
    """A settings file that cannot be used gives exit status 3, and each of its errors."""
    file = tmp_path / "bad.toml"
    file.write_text("bakc = 3\nahead = -1\n")
    result = line("--config", str(file), "doctor", "--json")
    assert result.exit_code == 3
    messages = " ".join(each["message"] for each in json.loads(result.stdout)["findings"])
    assert "bakc" in messages
    assert "ahead" in messages


def test_secrets_that_others_can_read_are_found(line: Line) -> None:
    """A token file that others can read costs a warning with the command that mends it."""
    token = Path(line.environ["TRAKT_ICAL_TOKEN_FILE"])
    token.chmod(0o644)
    [finding] = find(line, "rights")
    assert finding["grade"] == "warning"
    assert str(token) in finding["remedy"]


def test_a_damaged_calendar_is_found(line: Line) -> None:
    """A calendar that was edited fails with exit status 6."""
    line("export")
    line.ics.write_bytes(line.ics.read_bytes().replace(b"SUMMARY", b"SUMMARI", 1))
    assert line("doctor").exit_code == 6


def test_status_forgets_what_is_configured_no_more(line: Line, tmp_path: Path) -> None:
    """Prune forgets the output of an earlier setting, never the one of today, and deletes no calendar."""
    other = tmp_path / "other.ics"
    line("export")
    line("export", "-o", str(other))
    line.clock.pass_by(days=9)
    line("export")
    assert find(line, "leftovers")[0]["grade"] == "warning"
    assert line("status").exit_code == 0  # what is configured no more is never old
    assert str(other) not in line("status", "--prune").stdout
    outputs = [each["output"] for each in json.loads(line("status", "--json").stdout)["outputs"]]
    assert outputs == [str(line.ics.resolve())]
    assert other.is_file()


def test_an_age_of_your_own_decides_what_is_old(line: Line) -> None:
    """With --max-age an output is old sooner."""
    line("export")
    line.clock.pass_by(hours=3)
    assert line("status").exit_code == 0
    assert line("status", "--max-age", "2").exit_code == 5
