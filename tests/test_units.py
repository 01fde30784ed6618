"""The samples for systemd, read by systemd itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
@pytest.mark.parametrize(("name", "scope"), [("trakt-ical.service", "--user"), ("trakt-ical@.service", "--system")])
def test_systemd_understands_the_unit(name: str, scope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows each key, with a program that is installed, and the command is one of ours."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    assert re.search(r"^ExecStart=\S+/bin/trakt-ical serve$", text, re.M)
    (tmp_path / name).write_text(re.sub(r"(?<=^ExecStart=)\S+", "/bin/true", text, flags=re.M), encoding="utf-8")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # without it there is no --user
    command = ["systemd-analyze", "verify", scope, "--man=no", str(tmp_path / name)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
@pytest.mark.parametrize(("name", "scope"), [("trakt-ical.service", "--user"), ("trakt-ical@.service", "--system")])
def test_a_service_may_do_little(name: str, scope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exposure, as systemd rates it from 0 to 10, is below 3."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    command = ["systemd-analyze", "security", scope, "--offline=yes", "--threshold=29", str(SAMPLES / name)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-200:]
