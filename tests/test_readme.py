"""The README says what is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Line
from trakt_ical import errors
from trakt_ical.config import FIELDS, OF_CALENDARS
from trakt_ical.config.values import format_value
from trakt_ical.transform.event_text import PARTS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.S)


def test_the_first_two_blocks_are_one_line_each() -> None:
    """The README opens with the two commands, each one line to paste."""
    assert [block.count("\n") for block in BLOCKS[:2]] == [1, 1]


def test_the_first_command_writes_a_calendar(tmp_path: Path) -> None:
    """The end of the first command writes `trakt-demo.ics`; its installation is tested by CI."""
    command = BLOCKS[0].split("&&")[-1].split()
    assert command[0] == ".venv/bin/trakt-ical"
    done = subprocess.run(
        [sys.executable, "-m", "trakt_ical", *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (tmp_path / "trakt-demo.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    assert re.search(r"\b[1-9]\d* events .*\btrakt-demo\.ics\b", done.stderr)


def test_what_the_readme_shows_works_in_the_demo(line: Line) -> None:
    """Its check-ins, and the exports of the rules, one after the other on a new computer, find what they name."""
    exports = re.findall(r"\| `trakt-ical (export[^`]*)`", RULES)
    shown = exports + re.findall(r"^trakt-ical (checkin[^#\n]*)", README, re.M)
    assert len(shown) > 8
    line.clock.now = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)  # the seasons of the built-in Trakt go with the year
    for words in map(shlex.split, shown):
        if words[-2:-1] == ["-o"] and words[-1] != "-":
            words[-1] = str(line.folder / words[-1])
        done = line(*words, *(["--replace"] if words[0] == "checkin" and "--cancel" not in words else []))
        assert done.exit_code == 0, (words, done.stderr)
        assert not re.match("0 events", done.stderr), words


def test_every_rule_is_explained() -> None:
    """The tables of docs/rules.md name once each setting that is a rule of calendars."""
    rows = re.findall(r"^\| (`.*?) \|", RULES, re.M)
    found = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    looks = {
        "account",
        "after_change",
        "source",
        "kind",
        "back",
        "ahead",
        "timezone",
        "output",
        "push",
        "name",
        "color",
        "advertised_refresh",
    }
    assert sorted(found) == sorted(OF_CALENDARS - looks)


def test_every_exit_status_is_listed() -> None:
    """The statuses of the error tree are those of docs/running.md."""
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", RUNNING, re.M)}
    tree = {each.exit_code for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)}
    assert tree <= listed


def test_the_defaults_of_rules_are_right() -> None:
    """Where docs/rules.md gives a default as a value, it is the one of the setting."""
    rows = re.findall(r"^\| `(\w+)`[^|]* \| (?:`([^`]+)`|([\d,]+)) \|", RULES, re.M)
    assert len(rows) > 15
    for name, text, number in rows:
        assert (text or number.replace(",", "")) == format_value(FIELDS[name].default).removesuffix(".0"), name


def test_every_part_of_templates_is_explained() -> None:
    """The table of docs/rules.md explains the parts that a template may have, in the words of the program."""
    rows = re.findall(r"^\| `\{(\w+)\}` \| (.*?) \|$", RULES, re.M)
    assert dict(rows) == PARTS


def list_links(page: Path) -> list[tuple[Path, str]]:
    """The files and folders of this repository that *page* links to, itself among them, each with the heading or ""."""
    found = re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    return [((page.parent / path).resolve() if path else page, name) for path, name in found if "://" not in path]


def list_linked_files(page: Path) -> set[Path]:
    """The files and folders of this repository that *page* links to."""
    return {path for path, _ in list_links(page)}


def list_headings(page: Path) -> set[str]:
    """The names by which the headings of *page* are linked to."""
    titles = re.findall("^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """What README and docs link to in this repository is there, and so is the heading."""
    assert {str(target) for target in list_linked_files(page) if not target.exists()} == set()
    assert [(str(path), name) for path, name in list_links(page) if name and name not in list_headings(path)] == []


def test_every_sample_is_linked_to() -> None:
    """Settings, calendars and answers are linked to, or an answer is named by settings that are."""
    found = set().union(*map(list_linked_files, PAGES))
    named = "".join(each.read_text(encoding="utf-8") for each in found if each.suffix == ".toml")
    samples = [path for path in (ROOT / "samples").rglob("*.*") if path.is_file()]
    assert len(samples) > 40
    assert [str(path) for path in samples if path not in found and path.name not in named] == []
