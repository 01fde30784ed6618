"""What cases are tried with: a scenario that is served as Trakt over HTTP, and a command line that asks it."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import icalendar
import requests
from click.testing import CliRunner, Result

from tests.conftest import Clock
from tests.ports import find_port
from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli
from trakt_ical.trakt.token import Token, TokenFile

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAYS = ("--from", "2026-11-20", "--days", "60")
PLAIN = {f"trakt-50-s2e{number}@trakt-ical": f"202611{27 + number}T020000Z" for number in (1, 2, 3)}
ODD = "trakt-50-s2e1@trakt-ical"
DIFFERING_CLOCKS = re.compile(rb"^.* clock and Trakt's differ .*\n", re.M)  # replay.py has the real time
Scenario: TypeAlias = dict[str, Any]


class Replay:
    """A process that serves a scenario as Trakt at *url*."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "cases"
        port = find_port()
        self.url = f"http://127.0.0.1:{port}"
        script, first = (self.folder / "trakt" / name for name in ("replay.py", "34-not-listed.json"))
        self.process = subprocess.Popen([sys.executable, str(script), str(port), str(first)])
        for _ in range(1200):
            with contextlib.suppress(requests.ConnectionError):
                self.list_requests()
                return
            time.sleep(0.05)
        raise TimeoutError("replay.py does not answer")

    def read(self, name: str, now: datetime) -> Scenario:
        """Return the scenario whose file begins with *name*, its moments counted from *now*."""
        [path] = self.folder.glob(f"trakt/{name}-*.json")

        def fill(found: re.Match[str]) -> str:
            unit = {"h": "hours", "m": "minutes"}[found[3]]
            shift = timedelta(**{unit: int(found[1] + found[2])})
            return f"{now + shift:%Y-%m-%dT%H:%M:%S.000Z}"

        text = re.sub(r"\{NOW([+-])(\d+)([hm])\}", fill, path.read_text(encoding="utf-8"))
        scenario: Scenario = json.loads(text)
        return scenario

    def load(self, scenario: Scenario) -> None:
        """Serve *scenario* from now on."""
        requests.post(f"{self.url}/_load", json=scenario, timeout=60).raise_for_status()
        self.seen = len(self.list_requests())

    def list_requests(self) -> list[str]:
        """Return method and path of each request so far."""
        answer = requests.get(f"{self.url}/_log", timeout=60)
        return [f"{method} {path}" for method, path, *_ in answer.json()]

    def list_new_requests(self) -> list[str]:
        """Return method and path of each request of this scenario."""
        return self.list_requests()[self.seen :]

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait()


@dataclass
class Trial:
    """One case being tried: a home of its own, and the Trakt that the case describes."""

    replay: Replay
    home: Path
    clock: Clock = field(default_factory=lambda: Clock(NOW))

    def load(self, name: str, **changes: Any) -> Scenario:
        """Serve the scenario whose file begins with *name*, with *changes*, as what the token and settings fit."""
        scenario = self.replay.read(name, self.clock.now) | changes
        self.serve(scenario)
        return scenario

    def serve(self, scenario: Scenario) -> None:
        """Serve *scenario*, with a token and settings that fit it."""
        self.replay.load(scenario)
        (self.home / "config.toml").write_text(scenario.get("config", ""))
        is_expired = scenario.get("token") == "expired"
        created = int((self.clock.now - timedelta(days=8 if is_expired else 1)).timestamp())
        token = Token(access_token="a0", refresh_token="r0", created_at=created, expires_in=604800, username="someone")
        TokenFile(self.home / "token.json").save(token)

    @property
    def ics(self) -> Path:
        """The file that an export writes."""
        return self.home / "trakt.ics"

    def make_environ(self, **environ: str) -> dict[str, str]:
        """Return the variables of the environment, with *environ*."""
        settings = {
            "HOME": str(self.home),
            "API_URL": self.replay.url,
            "AUTH_URL": self.replay.url,
            "CLIENT_ID": "c" * 64,
            "CLIENT_SECRET": "s" * 64,
            "OUTPUT": str(self.ics),
            "TIMEZONE": "UTC",
        } | environ
        return {f"TRAKT_ICAL_{name}": value for name, value in settings.items()}

    def run(self, *arguments: str, **environ: str) -> Result:
        """Run the command line."""
        named = self.make_environ(**environ)
        environment = Environment(self.clock, self.clock.sleep, named, (5, 5), lambda: False)
        result = CliRunner().invoke(cli, list(arguments), obj=environment)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        result.stderr_bytes = DIFFERING_CLOCKS.sub(b"", result.stderr_bytes or b"")
        return result

    def export(self, *arguments: str, exit_code: int = 0, **environ: str) -> str:
        """Export by default the days of the cases, and return what was said."""
        result = self.run("export", *(arguments or DAYS), **environ)
        assert result.exit_code == exit_code, result.output
        assert result.stderr.count("Error: ") == (exit_code != 0), result.stderr
        return result.stderr

    def read_events(self) -> dict[str, str]:
        """Return when each event starts, by UID; cancelled ones with a sign."""
        events = icalendar.Calendar.from_ical(self.ics.read_bytes()).events
        return {
            str(event["UID"]): "cancelled " * (event["STATUS"] == "CANCELLED") + event["DTSTART"].to_ical().decode()
            for event in events
        }


@dataclass(frozen=True)
class Case:
    """One case: its *name*, and what tries it and returns what came of it, or fails."""

    name: str
    attempt: Callable[[Trial], str]


CASES: list[Case] = []


def case(name: str, *arguments: object) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Add a case that is tried by the function below, with *arguments*."""

    def add(attempt: Callable[..., str]) -> Callable[..., str]:
        CASES.append(Case(name, lambda trial: attempt(trial, *arguments)))
        return attempt

    return add


def name_warnings(said: str) -> list[str]:
    """Return the warnings in *said*."""
    return [line for line in said.splitlines() if line.startswith("Warning: ")]
