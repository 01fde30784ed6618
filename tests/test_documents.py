"""Every command and setting that README and docs show works as it stands there."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path

import click
import pytest
import requests
from click.testing import CliRunner

from tests.conftest import Clock, Line
from tests.demos import Demo
from tests.programs import CRONTAB, write_programs
from trakt_ical.cli import cli
from trakt_ical.config import FIELDS
from trakt_ical.config.edit import check_text
from trakt_ical.demo import load_cast
from trakt_ical.demo.cast import Cast, Show, Timetable
from trakt_ical.wording import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.M | re.S)

SEVERANCE = Show(
    title="Severance",
    network="Apple TV+",
    days_behind=30,
    # Its third episode of season 2 airs the day before the clock of the tests.
    airs=Timetable(cycle=104, days=(4, 11, 18, 25), at=time(21), zone="America/New_York", begins=13),
)

NOT_RUN = {
    r"docker |^cd samples/container": "needs a container engine: tests/test_container.py builds and runs the image",
    r"^(pipx|uv|git) |pip install|-m venv|-m build|twine|shiv|\.pyz": "installs or releases: .ci/run does",
    r"-m (pytest|tests\.)": "runs the tests; its module is looked for below",
    r"trakt-ical (--demo )?(--config \S+ )?(serve|demo)\b": "runs until Ctrl-C: tests/feed and tests/demo",
    r"^chromium ": "takes a picture: tests/feed/test_pages_browser.py takes others",
    r"^curl (?!.*/demo/)": "asks a feed that runs: tests/feed",
    r"Out-String": "needs PowerShell: tests/cli/test_completion.py",
    r"^(sudo|systemctl|loginctl|journalctl|install|kill) ": "changes the system",
    r"^(\. |export |mkdir |eval )": "prepares the shell, as this test does by itself",
}
"""Commands that are not run here, by a pattern, and why. Their options are checked all the same."""

SETTINGS = {
    "--account anna": "[account.anna]\n[account.ben]\n",
    "--in Films": '[calendar.Shows]\n[calendar.Films]\nkind = ["shows"]\n',
    "agenda Anna Films": "[calendar.Anna]\n[calendar.Films]\n",
}
"""What a command, by a part of it, needs to stand in the settings file."""

EARLIER = {"tvmaze.md": ("trakt-ical import trakt-export-NAME.zip", "trakt-ical config set api tvmaze")}
"""Commands that a page takes for granted."""

TYPED = {"trakt-ical setup": "look\n"}
"""What is typed at the questions of a command."""


@dataclass
class ApprovingClock(Clock):
    """A clock during whose waits somebody allows each login, as the *user* of the built-in Trakt."""

    allow: Callable[[str], None] = field(default=lambda user: None)
    user: str = Demo.username

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass at once, after the logins that wait were allowed."""
        self.allow(self.user)
        super().sleep(seconds)


@pytest.fixture
def clock() -> ApprovingClock:
    return ApprovingClock()


@pytest.fixture
def cast() -> Cast:
    """The cast, with the show of which the documents speak."""
    return load_cast().with_shows(SEVERANCE)


def list_blocks(page: Path, *languages: str) -> list[str]:
    """Return the blocks of *page* in one of *languages*, without their indents."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [re.sub("^   ", "", block, flags=re.M) for language, block in found if language in languages]


def list_commands(page: Path) -> Iterator[str]:
    """Yield the commands of the blocks of *page*, one by one; a text that a command reads (<<END) stays with it."""
    for block in list_blocks(page, "sh", "shell", "console", "powershell"):
        for entry in re.findall(r"^(?:.*<<END\n(?:.*\n)*?END|(?:.*\\\n)*.*)$", block, re.M):
            if "<<END" in entry:
                yield entry
                continue
            for part in re.sub(r"(^| +)#.*", "", entry).removeprefix("$ ").split(" && "):
                if command := part.strip():
                    yield command


def find_reason(command: str) -> str | None:
    """Return why *command* is not run here, None where it is run."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.search(pattern, command)), None)


@dataclass
class Shell:
    """Runs commands of documents in *folder*, beside the built-in Trakt of the test."""

    line: Line
    clock: ApprovingClock
    folder: Path
    names: dict[str, str]

    def run(self, command: str) -> None:
        """Run *command*. Raises AssertionError where it does not end as the page says."""
        if "<<END" in command:
            self._write_file(command)
        elif find_reason(command) is None:
            (self._send if command.startswith("curl ") else self._run_ours)(command)

    def _write_file(self, command: str) -> None:
        first, _, text = command.partition("\n")
        target = self.folder / shlex.split(first.partition(">")[2])[0]
        target.parent.mkdir(exist_ok=True)
        text = re.sub(r"http://127.0.0.1:\d+", self.line.demo.url, text)
        target.write_text(text.rpartition("END")[0])

    def _send(self, command: str) -> None:
        words = shlex.split(command)
        url = re.sub(r"http://127.0.0.1:\d+", self.line.demo.url, words[-1])
        method = words[words.index("-X") + 1] if "-X" in words else "POST" if "-d" in words else "GET"
        body = words[words.index("-d") + 1] if "-d" in words else None
        assert requests.request(method, url, data=body, timeout=10).ok, command

    def _run_ours(self, command: str) -> None:
        for old, new in self.names.items():
            command = command.replace(old, new)
        words = shlex.split(command.partition(">")[0])
        while words[0] != "trakt-ical":
            assert "=" in words[0] or words[0].endswith("/trakt-ical"), f"This is no command of ours: {command}"
            words[0] = "trakt-ical" if "=" not in words[0] else words.pop(1)
        words = words[1:]
        self._prepare(command, words)
        result = self.line(*words, typed=TYPED.get(command))
        assert result.exit_code == 0, f"{command}: {result.output}"
        if command.partition(">")[2]:
            assert result.stdout

    def _prepare(self, command: str, words: list[str]) -> None:
        if "login" in words:
            self.clock.user = next((name for name in ("anna", "ben") if name in words), Demo.username)
            if "--demo" in words:  # its page cannot be reached from here
                words.remove("--demo")
        if "checkin" in words:  # the lines of a page are alternatives
            self.line("checkin", "--cancel")
            if "--cancel" in words:
                self.line("checkin", "severance")
        settings = next((text for part, text in SETTINGS.items() if part in command), None)
        if settings is not None and "--home" not in words:
            (self.folder / "config.toml").write_text(settings)
            words += ["--config", str(self.folder / "config.toml")]


@pytest.fixture
def shell(
    line: Line, clock: ApprovingClock, cast: Cast, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """A folder with what the documents take as there, and cron as the only scheduler."""
    programs = write_programs(tmp_path / "bin", crontab=CRONTAB)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("TABLE", str(tmp_path / "table"))
    monkeypatch.setattr(sys, "argv", [str(Path(sys.executable).with_name("trakt-ical"))])
    monkeypatch.chdir(tmp_path)
    export = requests.get(f"{line.demo.url}/demo/export", timeout=10).content
    (tmp_path / "trakt-export-NAME.zip").write_bytes(export)
    auth = line.demo.backend.auth

    def allow(user: str) -> None:
        for device in list(auth._devices):
            auth.decide(device.user_code, allow=True, username=user)

    clock.allow = allow
    del line.environ["TRAKT_ICAL_OUTPUT"]
    show = cast.shows[-1]
    return Shell(line, clock, tmp_path, {"trakt-1388": f"trakt-{show.trakt}"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_works(page: Path, request: pytest.FixtureRequest) -> None:
    """Each command in a block of a page is run, in the page's order, or is of a kind that NOT_RUN names."""
    commands = list(list_commands(page))
    if any(find_reason(command) is None for command in commands):
        shell = request.getfixturevalue("shell")
        for command in (*EARLIER.get(page.name, ()), *commands):
            shell.run(command)


def test_every_reason_is_needed() -> None:
    """Each kind of command that is not run is in some page."""
    commands = [command for page in PAGES for command in list_commands(page)]
    assert [pattern for pattern in NOT_RUN if not any(re.search(pattern, each) for each in commands)] == []


def find_ours(text: str) -> list[str]:
    """Return the words behind the last `trakt-ical` of a command, a pipe or a redirect ends them."""
    words = shlex.split(re.split(r"[|>&]| …", text)[0], comments=True)
    places = [place for place, word in enumerate(words) if re.fullmatch(r"(.*/)?trakt-ical", word)]
    return words[places[-1] + 1 :] if places else []


def list_ours() -> Iterator[str]:
    """Yield each command of ours in blocks, in `code` within sentences, and in the examples of `--help`."""
    for page in PAGES:
        text = BLOCK.sub("", page.read_text(encoding="utf-8"))
        yield from (command for command in list_commands(page) if "trakt-ical " in command and "<<" not in command)
        yield from (span for span in re.findall(r"`(trakt-ical [^`]+)`", text))
    helps = (ROOT / "tests" / "cli" / "help.txt").read_text(encoding="utf-8")
    yield from re.findall(r"^  (trakt-ical (?:\S| \S)+)", helps, re.M)


def test_every_option_exists() -> None:
    """The commands and options of README and docs are understood, also those that are not run."""
    runner = CliRunner()
    commands = sorted(set(list_ours()))
    assert len(commands) > 50
    for command in commands:
        # The name of an image, another program in it, any command, the name in another option.
        if re.search(r"docker (build|.* --entrypoint)| COMMAND|shiv ", command):
            continue
        result = runner.invoke(cli, [*find_ours(command), "--help"])
        assert result.exit_code == 0, command


def list_options(command: click.Command) -> set[str]:
    """Return the names of all options of *command* and of those below it."""
    own = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            children = [command.get_command(context, name) for name in command.list_commands(context)]
        return own.union(*(list_options(child) for child in children if child))
    return own


def test_every_option_in_sentences_exists() -> None:
    """An option that stands alone, such as `--grace 24h`, is one of some command."""
    others = {"--build-arg", "--help", "--add-host", "--userns"}  # of a container engine, of every command
    known = list_options(cli) | others
    commands = cli.list_commands(click.Context(cli))
    for page in PAGES:
        text = BLOCK.sub("", page.read_text(encoding="utf-8"))
        for span in re.findall(r"`((?:\w+ )?--\w[^`]*)`", text):
            if not span.startswith("--") and span.split()[0] not in commands:
                continue
            options = set(re.findall(r"--[a-z][\w-]*", span))
            assert options <= known, (page.name, span)


def test_every_toml_block_is_valid(tmp_path: Path) -> None:
    """The settings that the pages show in blocks are read without an error."""
    for page in PAGES:
        for block in list_blocks(page, "toml"):
            for name in re.findall(r'_file = "~/([^"]+)"', block):
                secret = Path.home() / name
                secret.parent.mkdir(parents=True, exist_ok=True)
                secret.write_text("secret")
            check_text(tmp_path / "config.toml", block)


def test_every_setting_in_sentences_is_valid(tmp_path: Path) -> None:
    """A setting that stands in a sentence with its value, such as `late_night = 4`, takes that value."""
    count = 0
    for page in PAGES:
        text = BLOCK.sub("", page.read_text(encoding="utf-8"))
        for name, value in re.findall(r"`(\w+) = ([^`…]+)`", text):
            if name in FIELDS and name not in ("client_id", "push", "account"):
                given = 'public_url = "https://example.org"\n' if name == "checkin_links" else ""
                check_text(tmp_path / "config.toml", f"{given}{name} = {value}\n")
                count += 1
    assert count > 15


def test_every_program_of_the_tests_exists() -> None:
    """The modules and folders of tests that the pages name are there."""
    commands = [command for page in PAGES for command in list_commands(page)]
    modules = {name for command in commands for name in re.findall(r"-m (tests[\w.]*)", command)}
    paths = {path for command in commands for path in re.findall(r" (tests/[\w/.]+)", command)}
    assert len(modules) > 3
    assert [name for name in sorted(modules) if importlib.util.find_spec(name) is None] == []
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def list_words_of_the_program() -> str:
    """Return the texts in the code of the program, one a line; what is filled into a text is a blank."""
    texts: list[str] = []
    for path in (ROOT / "trakt_ical").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


def test_symptoms_are_what_the_program_says() -> None:
    """What docs/troubleshooting.md quotes as seen is in the texts of the program, except for names."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    seen = [row.split(" | ")[0] for row in re.findall(r"^\| (.+) \|$", page, re.M)]
    quoted = [quote for symptom in seen for quote in re.findall(r"`([^`]+)`", symptom)]
    words = re.sub(r"\{\w+\}|%[sd]", "\0", list_words_of_the_program())
    unknown = [
        quote
        for quote in quoted
        for part in re.split(r"…|Trakt|TVmaze", quote)
        if part.strip(" :,.") and part.strip(" :,.") not in words
    ]
    assert len(quoted) > 25
    assert unknown == []


def test_the_index_names_every_page() -> None:
    """docs/README.md leads to each other page of the folder."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"({page.name})" not in index and page.name != "README.md"] == []


def test_the_architecture_names_what_is_there() -> None:
    """Each module that docs/architecture.md and docs/contributing.md name exists."""
    files = [
        f"/{path.relative_to(ROOT).as_posix()}"
        for room in ("trakt_ical", "tests")
        for path in ROOT.glob(f"{room}/**/*.py")
    ]
    for page in ("architecture.md", "contributing.md"):
        named = re.findall(r"[\w/]*\w\.py\b", (ROOT / "docs" / page).read_text(encoding="utf-8"))
        assert [name for name in named if not any(path.endswith(f"/{name}") for path in files)] == []


def test_the_picture_of_the_rooms_names_every_module() -> None:
    """The picture in docs/architecture.md has each module of the package; a command has one of its name in cli/."""
    picture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    named = set(re.findall(r"\w+", picture))
    package = ROOT / "trakt_ical"
    modules = [path for path in package.glob("**/*.py") if not path.name.startswith("__")]
    commands = {package / "cli" / f"{name}.py" for name in (*COMMANDS, "import_")}
    assert [str(path) for path in modules if path.stem not in named and path not in commands] == []


def test_the_changes_are_kept_as_agreed() -> None:
    """CHANGELOG.md has the headings of Keep a Changelog, and each change is a sentence."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.+)$", text, re.M)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in versions[1:])
    kinds = re.findall(r"^### (.+)$", text, re.M)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert len(set(kinds)) == len(kinds) or versions[1:]
    entries = re.findall(r"^- .+(?:\n  .+)*", text, re.M)
    assert len(entries) > 10
    assert [entry for entry in entries if not re.search(r"[.:)]$", entry)] == []
