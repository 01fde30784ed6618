"""Titles as people write them, and as a shell completes them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Line
from tests.factories import NOW
from tests.server import Reply, run_server
from trakt_ical.checkin.items import EpisodeRef, parse_query
from trakt_ical.cli import cli
from trakt_ical.transform.codes import split_code
from trakt_ical.transform.title_matching import find_nearest, match_titles, normalize_title

SHOWS = {
    1: ("severance", "Severance"),
    2: ("the-slow-ferry", "The Slow Ferry"),
    3: ("tea-and-trespass", "Tea & Trespass"),
    4: ("the-long-shift", "The Long Shift", "The Long Shift 2024"),
    5: ("the-long-shift-2025", "The Long Shift", "The Long Shift 2025"),
    6: ("moonlit-noodle-stand", "月下の屋台"),
    7: ("dix-pour-cent", "Dix pour cent – Call My Agent!"),
    8: ("ete", "L'Été meurtrier"),
    9: ("it", "IT"),
    10: ("far-shore", "240", "Far Shore", "Far Shore 2004"),
    11: ("9-1-1-lone-star", "91101", "9-1-1: Lone Star", "9-1-1: Lone Star 2020"),
    12: ("garasu-no-kamen", "ガラスの仮面"),
    13: ("vladimir", "Владимирский централ"),
    14: ("the-100", "2273", "The 100", "The 100 2014"),
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("severance", [1]),
        ("SEVERANCE", [1]),
        ("sever", [1]),
        ("sevrance", [1]),
        ("severence", [1]),
        ("slow ferry", [2]),
        ("ferry", [2]),
        ("the slow fery", [2]),
        ("slow fery", [2]),
        ("slow ferri", [2]),
        ("slow fferry", [2]),
        ("long shfit 2024", [4]),
        ("tresspas", [3]),
        ("mea", []),
        ("berry", []),
        ("a far shore", [10]),
        ("far shoer 2005", []),
        ("tea and trespass", [3]),
        ("tea trespass", [3]),
        ("the long shift", [4, 5]),
        ("the long shift 2024", [4]),
        ("the-long-shift-2025", [5]),
        ("月下の屋台", [6]),
        ("屋台", [6]),
        ("ガラス", [12]),
        ("ｶﾞﾗｽ", [12]),
        ("カラス", []),
        ("Владимир", [13]),
        ("мир", []),
        ("call my agent", [7]),
        ("lete meurtrier", [8]),
        ("it", [9]),
        ("far shore 2004", [10]),
        ("shore 2004", [10]),
        ("far shore 1978", []),
        ("the long shift 2026", []),
        ("240", [10]),
        ("24", []),
        ("204", []),
        ("2004", []),
        ("20/20", []),
        ("9-1-1", [11]),
        ("100", [14]),
        ("2014", []),
        ("100 2014", [14]),
        ("lone star 9-1-1", [11]),
        ("9-1-2", []),
        ("911 lone star", []),
        ("lost", []),
        ("", []),
        ("&", []),
    ],
)
def test_words_find_the_titles_that_they_fit_best(words: str, found: list[int]) -> None:
    """A whole title wins over one that begins so, and that over one that is spelled alike; accents do not count."""
    assert match_titles(words, SHOWS) == found


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        ("slow boat", [2]),
        ("severed", [1]),
        ("the long shirts 2024", [4, 5]),
        ("far shore 1978", [10]),
        ("zzzz", []),
        ("", []),
    ],
)
def test_a_near_miss_finds_what_is_nearest(words: str, nearest: list[int]) -> None:
    """Who named no title is offered those that are spelled roughly so, or share a word, the likest first."""
    found = find_nearest(words, SHOWS)
    assert found[: len(nearest)] == nearest
    assert bool(found) == bool(nearest)


def test_what_is_offered_is_short() -> None:
    """Of many titles that are alike the best are offered."""
    assert len(find_nearest("season of the boat", {each: [f"Season of {each}"] for each in range(20)}, most=5)) == 5


@given(st.text())
def test_any_text_is_compared_as_itself(text: str) -> None:
    """What is plain is not changed by being made plain, and a title is found by itself where anything is left of it."""
    assert normalize_title(normalize_title(text)) == normalize_title(text)
    assert match_titles(text, {1: [text]}) == ([1] if normalize_title(text) else [])


@pytest.mark.parametrize(
    ("line", "title", "place"),
    [
        ("severance 2x03", "severance", EpisodeRef(2, 3)),
        ("severance S02E03", "severance", EpisodeRef(2, 3)),
        ("severance special 4", "severance", EpisodeRef(0, 4)),
        ("one piece absolute 1089", "one piece", EpisodeRef(absolute=1089)),
        ("severance next", "severance", None),
        ("severance", "severance", None),
        ("area 51", "area 51", None),
        ("next", "next", None),
        ("the garden year 2026x16", "the garden year", EpisodeRef(2026, 16)),
        ("4x4", "", EpisodeRef(4, 4)),
        ("", "", None),
    ],
)
def test_an_episode_follows_its_title(line: str, title: str, place: EpisodeRef | None) -> None:
    """`2x03`, `s02e03`, `special 4`, `absolute 27` and `next` are places, other numbers belong to the title."""
    assert parse_query(line.split()) == parse_query([line]) == (title, place)


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        ("severance 2x03", "severance", (2, 3)),
        (" severance\n s02E03 ", "severance", (2, 3)),
        ("S2026E10000", "", (2026, 10000)),
        ("severance2x03", "severance2x03", None),
        ("2x03 severance", "2x03 severance", None),
        ("1920x1080x4", "1920x1080x4", None),
        ("", "", None),
    ],
)
def test_a_code_stands_at_the_end_as_a_word_of_its_own(text: str, words: str, code: tuple[int, int] | None) -> None:
    """`2x03` and `s02e03` say season and number; what merely looks so belongs to the title."""
    assert split_code(text) == (words, code)


def complete_in_shell(shell: str, line: Line, words: str) -> str:
    """What *shell* is answered when it asks for the last of *words*."""
    last = words.rpartition(" ")[2] if shell == "fish" else str(len(words.split(" ")))
    asks = {"_TRAKT_ICAL_COMPLETE": f"{shell}_complete", "COMP_WORDS": f"trakt-ical {words}", "COMP_CWORD": last}
    program = Path(sys.executable).with_name("trakt-ical")
    environ = {**os.environ, **line.environ, **asks}
    done = subprocess.run([program], env=environ, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def complete_in_bash(line: Line, words: str) -> list[str]:
    """What bash is offered for the last of *words*."""
    return [each.partition(",")[2] for each in complete_in_shell("bash", line, words).splitlines() if each]


@pytest.mark.parametrize("api", ["v2", "v1"])
def test_titles_of_the_kept_calendar_are_completed(line: Line, api: str) -> None:
    """Slugs are offered for what title or slug begin with, from kept answers, without asking anybody."""
    assert line("export", "--api", api).exit_code == 0
    asked = len(line.demo.requests)
    assert complete_in_bash(line, f"checkin --api {api} tea") == ["tea-and-trespass"]
    assert complete_in_bash(line, f"checkin --api {api} Tea") == ["tea-and-trespass"]
    assert complete_in_bash(line, f"checkin --api {api} 月") == ["moonlit-noodle-stand"]
    assert "the-garden-year" in complete_in_bash(line, f"checkin --api {api} the")
    assert complete_in_bash(line, f"checkin --api {api} zzz") == []
    assert complete_in_bash(line, f"checkin --api {api} tea ") == []
    assert len(line.demo.requests) == asked


def test_movies_are_completed_after_their_option(line: Line) -> None:
    """With --movie the titles are those of movies."""
    assert line("export", "--kind", "shows", "--kind", "movies").exit_code == 0
    assert "a-weekend-twice-2026" in complete_in_bash(line, "checkin --movie a")
    assert "a-weekend-twice-2026" not in complete_in_bash(line, "checkin a")


@pytest.mark.parametrize(
    "environ",
    [{"TRAKT_ICAL_TOKEN_FILE": "/nowhere"}, {"TRAKT_ICAL_CONFIG": "/nowhere"}, {"TRAKT_ICAL_BACK": "x"}, {"HOME": "/"}],
)
def test_completion_is_silent_whatever_is_wrong(line: Line, environ: dict[str, str]) -> None:
    """Without a login, with broken settings or without a cache nothing is offered, and nothing is said."""
    line.environ |= environ
    assert complete_in_bash(line, "checkin tea") == []


def test_a_damaged_answer_is_passed_over(line: Line, home: Path) -> None:
    """Of damaged files the others remain."""
    assert line("export").exit_code == 0
    answers = home / ".cache" / "trakt-ical" / "answers"
    (folder,) = answers.iterdir()
    (folder / "damaged").write_bytes(b"cc=4,\xc1 no msgpack")
    (folder / "cut").write_bytes(b"cc=4,")
    assert complete_in_bash(line, "checkin tea") == ["tea-and-trespass"]


ODD = {
    "$(touch here)": "Dollar signs",
    "*": "Stars",
    "a b": "Two words",
    "x\nplain\nrm": "Lines",
    "": "???",
    "co:lon": "Colons",
    "-v": "Dashes",
    "fine": "A title\nplain\nrm\nof\x1b[31m lines",
}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_odd_titles_are_completed_without_harm(line: Line, shell: str) -> None:
    """Nothing is offered that a shell would obey or read as another title, and no title is more than one line."""
    episode = {"season": 1, "number": 1, "ids": {"trakt": 1}}
    shows = [{"title": title, "ids": {"trakt": 7 + len(slug), "slug": slug}} for slug, title in ODD.items()]
    airs = "2026-04-18T11:00:00.000Z"
    calendar = json.dumps([{"first_aired": airs, "episode": episode, "show": show} for show in shows]).encode()
    kept = {"Content-Type": "application/json", "ETag": '"1"', "Date": format_datetime(NOW, usegmt=True)}
    with run_server(lambda asked: Reply(calendar if "/calendars/" in asked.path else b"[]", headers=kept)) as (url, _):
        line.environ |= {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        assert line("export", "--back", "0", "--ahead", "1").exit_code == 0
    told = complete_in_shell(shell, line, "checkin ")
    assert "\x1b" not in told
    offered = told.splitlines()[1::3] if shell == "zsh" else [row.partition(",")[2] for row in told.splitlines()]
    assert [row.partition("\t")[0] for row in offered] == [
        *("colons", "dashes", "dollar-signs", "fine", "lines", "stars", "two-words"),
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    """`completion SHELL` prints a script that the shell can read."""
    result = CliRunner().invoke(cli, ["completion", shell])
    assert (result.exit_code, "_TRAKT_ICAL_COMPLETE" in result.output) == (0, True)
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell}")
    done = subprocess.run([program, "-n"], input=result.output, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_a_title(line: Line) -> None:
    """A real bash with the script loaded offers the slug."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    assert line("export").exit_code == 0
    folder = Path(sys.executable).parent
    asks = 'COMP_WORDS=(trakt-ical checkin te); COMP_CWORD=2; _trakt_ical_completion trakt-ical; echo "${COMPREPLY[*]}"'
    script = f'eval "$(trakt-ical completion bash)"; {asks}'
    environ = {**os.environ, **line.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([bash, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["tea-and-trespass"]
