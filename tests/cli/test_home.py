"""Where the program's files are: in one folder that the user names, or in the platform's folders of that user."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.conftest import Line

NAMELESS = ("unshare", "--user", "--map-user=54321", "--map-group=54321")  # a user who is not in /etc/passwd
READ_ONLY = """
mount --bind "$1" /mnt; shift
for folder in / /tmp /var/tmp; do mount -o remount,bind,ro $folder 2>/dev/null || true; done
for folder in / /tmp /var/tmp; do if touch $folder/x 2>/dev/null; then exit 1; fi; done
cd / && exec "$@"
"""


PROGRAM = ("-m", "trakt_ical")
COMPLETING = ("-c", "import sys; sys.argv = ['trakt-ical']; from trakt_ical.cli import main; main()")  # click asks argv


def run(
    *arguments: str,
    before: Sequence[str] = (),
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    program: Sequence[str] = PROGRAM,
) -> subprocess.CompletedProcess[str]:
    """Run `trakt-ical` as a process of its own, in *folder*, behind the command *before*, with *environ* alone."""
    command = [*before, sys.executable, *program, *arguments]
    found = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), **(environ or {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder, env=found, check=False)


def can_run(*command: str) -> bool:
    """Whether *command* can be run here: not every system lets everybody make namespaces."""
    return (
        bool(shutil.which(command[0])) and subprocess.run([*command], capture_output=True, check=False).returncode == 0
    )


needs_nameless_user = pytest.mark.skipif(
    not can_run(*NAMELESS, "true"), reason="unshare cannot make a user without a name here"
)


@pytest.mark.parametrize("arguments", [("--home", "{}", "--demo", "export"), ("export", "--demo", "--home", "{}")])
def test_one_folder_holds_everything(home: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """With `--home`, wherever it stands, nothing lies in the platform's folders, and nobody else can look into it."""
    folder, work = tmp_path / "mine", tmp_path / "work"
    work.mkdir()
    assert run(*(each.format(folder) for each in arguments), folder=work, environ={"HOME": str(home)}).returncode == 0
    assert run("--demo", "feed", "accept", "--home", str(folder), environ={"HOME": str(home)}).returncode == 0
    assert not list(home.iterdir())
    assert [path.name for path in work.iterdir()] == ["trakt-demo.ics"]  # beside where the user is, as without --home
    assert {path.name for path in (folder / "demo").iterdir()} >= {"token.json", "cache", "outputs", "feed"}
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*")) if path.is_dir()} == {0o700}
    assert (folder / "demo" / "token.json").stat().st_mode & 0o777 == 0o600


def test_the_environment_names_the_folder(line: Line, tmp_path: Path) -> None:
    """TRAKT_ICAL_HOME holds settings, login and feed of every command; the flag beats it."""
    folder = tmp_path / "env"
    folder.mkdir()
    (folder / "config.toml").write_text("back = 3", encoding="utf-8")
    shutil.copy(line.environ.pop("TRAKT_ICAL_TOKEN_FILE"), folder / "token.json")
    line.environ["TRAKT_ICAL_HOME"] = str(folder)
    assert re.search("^back +3 ", line("config").stdout, re.M)
    assert str(folder / "config.toml") in line("config").stderr
    assert line("export").exit_code == 0
    address = line("feed", "url").stdout
    assert json.loads(line("--json", "status").stdout)["login"]["username"] == line.demo.username
    assert line("status", "--home", str(tmp_path / "other")).exit_code == 4
    assert line("feed", "url", "--home", str(tmp_path / "other")).stdout != address
    assert {path.name for path in folder.iterdir()} >= {"config.toml", "token.json", "cache", "outputs", "feed"}


def test_titles_are_completed_from_that_folder(tmp_path: Path) -> None:
    """A shell completes what the commands with the same `--home` have fetched, and nothing of another folder."""
    asked = {"_TRAKT_ICAL_COMPLETE": "bash_complete", "COMP_CWORD": "5"}
    assert run("--demo", "--home", "mine", "agenda", folder=tmp_path).returncode == 0
    for name, titles in (("mine", ["plain,tea-and-trespass"]), ("other", [])):
        words = f"trakt-ical --demo --home {name} checkin tea"
        result = run(folder=tmp_path, environ=asked | {"COMP_WORDS": words}, program=COMPLETING)
        assert (result.stdout.split(), result.stderr) == (titles, "")


@pytest.mark.parametrize("named", ["~/mine", "mine", "deep/er/mine"])
def test_names_of_the_folder(line: Line, home: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """A ~ is the user's home also where no shell replaced it; another relative name is below the working folder."""
    monkeypatch.chdir(line.folder)
    assert line("feed", "url", environ={"TRAKT_ICAL_HOME": named}).exit_code == 0
    folder = home / named[2:] if named.startswith("~") else line.folder / named
    assert (folder / "feed" / "secrets.json").is_file()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_empty_name(line: Line, home: Path) -> None:
    """An empty variable is none; an empty option is wrong usage, since it would mean the user's own files."""
    assert str(home) in line("config", environ={"TRAKT_ICAL_HOME": ""}).stderr
    assert line("config", "--home", "").exit_code == 2


@pytest.mark.parametrize("make", ["file", "dangling", "locked", "unknown"])
def test_what_is_no_folder(line: Line, tmp_path: Path, make: str) -> None:
    """A file, a link to nothing, what lies below a file, and an unknown ~user are one sentence that names them."""
    path = tmp_path / "x"
    named = str(path)
    match make:
        case "file":
            path.touch()
        case "dangling":
            path.symlink_to(tmp_path / "nothing")
        case "locked":
            path.touch()
            named = str(path / "below")
        case "unknown":
            named = "~nobody-of-that-name/x"
    for arguments in (("status",), ("--demo", "export"), ("feed", "url")):
        result = line(*arguments, environ={"TRAKT_ICAL_HOME": named})
        assert result.exit_code in (3, 4, 6)
        assert result.exit_code != 4 or make == "locked"
        assert result.stderr.startswith(("Error: ", "Warning: "))
        assert "Traceback" not in result.stderr
        assert result.exit_code == 4 or named in result.stderr


def test_advice_names_the_folder(line: Line, tmp_path: Path) -> None:
    """A command that a message offers uses the same folder."""
    line.environ.pop("TRAKT_ICAL_TOKEN_FILE")
    result = line("export", "--home", str(tmp_path / "my files"))
    assert f"Run: trakt-ical --home '{tmp_path / 'my files'}' login" in result.stderr


def test_a_variable_that_is_nearly_the_folder(line: Line) -> None:
    """A misspelt name is answered with the right one."""
    result = line("config", environ={"TRAKT_ICAL_HOMES": "/x"})
    assert (result.exit_code, "TRAKT_ICAL_HOME?" in result.stderr) == (3, True)


COMMANDS = (
    *("status", "config", "export", "export -o -", "agenda", "explain tea", "checkin", "checkin --cancel"),
    *("login", "logout", "serve", "demo", "feed page", "feed list", "--demo export", "--demo status"),
    *("schedule show", "schedule install"),
)


@needs_nameless_user
@pytest.mark.parametrize("command", COMMANDS)
def test_a_user_without_a_home(tmp_path: Path, command: str) -> None:
    """One sentence says what to set, and nothing is written, not even a folder called ~."""
    result = run(*command.split(), before=NAMELESS, folder=tmp_path)
    assert (result.returncode, result.stdout) == (3, "")
    assert re.fullmatch(r"Error: .*TRAKT_ICAL_HOME.*\n", result.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@needs_nameless_user
@pytest.mark.parametrize("scheduler", ["systemd", "launchd"])
def test_schedulers_need_a_home_of_the_user(tmp_path: Path, scheduler: str) -> None:
    """The folder in which a scheduler looks is not the program's, so that naming one does not help."""
    environ = {"TRAKT_ICAL_HOME": str(tmp_path / "mine")}
    for command in ("status", "remove"):
        result = run("schedule", command, "--with", scheduler, before=NAMELESS, folder=tmp_path, environ=environ)
        assert (result.returncode, result.stderr.count("\n")) == (3, 1)


@needs_nameless_user
@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("export", "--help"), ("completion", "bash")])
def test_what_needs_no_home(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Version, help and the script of the shell are there for everybody."""
    result = run(*arguments, before=NAMELESS, folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


@needs_nameless_user
def test_a_user_without_a_home_names_a_folder(tmp_path: Path) -> None:
    """With TRAKT_ICAL_HOME such a user has all of the program."""
    environ = {"TRAKT_ICAL_HOME": str(tmp_path / "mine")}
    for arguments in (("--demo", "export", "-o", str(tmp_path / "x.ics")), ("--demo", "status"), ("config",)):
        assert run(*arguments, before=NAMELESS, folder=tmp_path, environ=environ).returncode == 0


def test_relative_folders_of_the_platform_do_not_count(tmp_path: Path, home: Path) -> None:
    """As the XDG specification asks, XDG_CONFIG_HOME and the like are ignored unless they are absolute."""
    environ = {"HOME": str(home), "XDG_CONFIG_HOME": "here", "XDG_DATA_HOME": "here"}
    assert str(home) in run("config", folder=tmp_path, environ=environ).stderr


SEALED = ("unshare", "--map-root-user", "--mount", "sh", "-ec", READ_ONLY, "sh")


@pytest.mark.skipif(not can_run(*SEALED, "/srv", "true"), reason="unshare cannot make a read-only root here")
def test_a_root_that_is_read_only(tmp_path: Path) -> None:
    """Where only the program's folder can be written to, not even /tmp, every command works all the same."""
    environ = {"TRAKT_ICAL_HOME": "/mnt/mine"}
    for command in ("export -o /mnt/x.ics", "agenda", "checkin tea", "checkin --cancel", "feed page", "logout"):
        result = run("--demo", *command.split(), before=(*SEALED, str(tmp_path)), environ=environ)
        assert (result.returncode, "Warning" in result.stderr) == (0, False), result.stderr
    assert (tmp_path / "x.ics").is_file()
    assert run("status", before=(*SEALED, str(tmp_path)), environ={"TRAKT_ICAL_HOME": "/srv/mine"}).returncode == 4
    assert run("--demo", "status", before=(*SEALED, str(tmp_path)), environ={"HOME": "/srv"}).returncode == 3
