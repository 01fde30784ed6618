"""`config set`, `unset`, `edit`, `--schema`: the settings file changed by the program, or by an editor."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FILE = """\
# mine
back = 3   # days

[calendar.Films]  # at home
kind = ["movies"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    path.chmod(0o640)
    return path


def run(file: Path, *words: str) -> Result:
    """Run `trakt-ical config` with *words* on the settings *file*."""
    return CliRunner().invoke(cli, ["--config", str(file), "config", *words], obj=Environment(environ={}))


@pytest.mark.parametrize(
    ("words", "keys", "value"),
    [
        (("back", "14"), ("back",), 14),
        (("ahead", "5"), ("ahead",), 5),
        (("offset", "-30"), ("offset",), -30),
        (("specials", "no"), ("specials",), False),
        (("min_rating", "7.5"), ("min_rating",), 7.5),
        (("kind", "shows,movies"), ("kind",), ["shows", "movies"]),
        (("show_offsets", "The Wire=15"), ("show_offsets",), {"The Wire": 15}),
        (("title", "{show} “{title}”"), ("title",), "{show} “{title}”"),
        (("defaults.color", "gold"), ("defaults", "color"), "gold"),
        (("calendar.Films.back", "9"), ("calendar", "Films", "back"), 9),
        (("calendar.A. B.back", "9"), ("calendar", "A. B", "back"), 9),
        (("account.anna.client_id", "x"), ("account", "anna", "client_id"), "x"),
        (("push.home.url", "https://x/"), ("push", "home", "url"), "https://x/"),
        (("shows.what the tide left", "tvmaze:8"), ("shows", "what the tide left"), "tvmaze:8"),
        (("show_offsets.Mr. Robot", "-15"), ("show_offsets", "Mr. Robot"), -15),
        (("calendar.Films.show_offsets.Kiln", "5"), ("calendar", "Films", "show_offsets", "Kiln"), 5),
        (("defaults.show_specials.Kiln", "no"), ("defaults", "show_specials", "Kiln"), False),
    ],
)
def test_a_setting_is_set_and_nothing_else_changes(
    file: Path, words: tuple[str, ...], keys: tuple[str, ...], value: object
) -> None:
    """In its place and of its type; comments, order and the file's mode stay."""
    assert run(file, "set", *words).exit_code == 0
    text = file.read_text()
    found: object = tomllib.loads(text)
    for key in keys:
        assert isinstance(found, dict)
        found = found[key]
    assert found == value
    assert "# mine" in text
    assert "  # at home" in text
    assert keys == ("back",) or "back = 3   # days" in text
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_setting_is_removed(file: Path) -> None:
    """The file is as if it had never been set; what is not set cannot be removed."""
    run(file, "set", "ahead", "5")
    assert run(file, "unset", "ahead").exit_code == 0
    assert tomllib.loads(file.read_text()) == tomllib.loads(FILE)
    assert run(file, "unset", "ahead").exit_code == 3
    assert run(file, "unset", "calendar.Nope.back").exit_code == 3


@pytest.mark.parametrize("name", ["output", "calendar.Films.output"])
def test_a_bucket_gets_a_secret_path(file: Path, name: str) -> None:
    """Whoever knows the path can read the calendar, so it is long and random, and is not printed."""
    result = run(file, "set", name, "s3://my-bucket")
    found = re.search(r'output = "s3://my-bucket/([0-9a-f]{32})/Trakt.ics"', file.read_text())
    assert found
    assert found[1] not in result.output
    assert "secret path" in result.stderr


def test_a_push_is_set_and_removed(file: Path) -> None:
    """Its other settings follow its url, and a whole table can be removed, unless something still names it."""
    for words in (
        *(
            ("set", "push.home.url", "https://x/"),
            ("set", "push.home.username", "me"),
            ("set", "defaults.push", "home"),
        ),
        *(("unset", "push.home.username"), ("set", "push.home.password_file", str(file))),
    ):
        assert run(file, *words).exit_code == 0
    assert tomllib.loads(file.read_text())["push"] == {"home": {"url": "https://x/", "password_file": str(file)}}
    assert run(file, "unset", "push.home").exit_code == 3
    for name in ("defaults.push", "push.home", "calendar.Films"):
        assert run(file, "unset", name).exit_code == 0
    assert tomllib.loads(file.read_text()) == {"back": 3, "defaults": {}}


@pytest.mark.parametrize("kind", ["push", "account", "calendar"])
def test_the_tables_of_a_kind_do_not_change_at_once(file: Path, kind: str) -> None:
    """`push` and `account` are settings too, but above all tables these names are those of the tables."""
    tables = '[push.home]\nurl = "https://x/"\npassword = "p"\n[account.anna]\nclient_id = "x"\n'
    file.write_text(FILE + tables)
    for words in (("unset", kind), ("set", kind, "home")):
        result = run(file, *words)
        assert (result.exit_code, file.read_text()) == (3, FILE + tables)
        assert f"{kind}.NAME" in result.stderr
        assert ("defaults." in result.stderr) == (kind != "calendar")


@pytest.mark.parametrize(
    ("text", "words", "named"),
    [
        ("calendar = 3", ("set", "calendar.A.back", "2"), "calendar is"),
        ("[calendar]\nA = 3", ("set", "calendar.A.back", "2"), "calendar.A is"),
        ('push = "x"', ("set", "push.home.url", "https://x/"), "push is"),
        ('push = "home"', ("unset", "push.home"), "push is"),
        ("[[push]]", ("set", "push.home.url", "https://x/"), "push is"),
        ('shows = "x"', ("set", "shows.A", "2"), "shows is"),
        ("defaults = 1", ("set", "defaults.show_offsets.A", "2"), "defaults is"),
    ],
)
def test_a_value_in_the_place_of_a_table_is_named(file: Path, text: str, words: tuple[str, ...], named: str) -> None:
    """The file stays, and one sentence says what in it is not a table."""
    file.write_text(text)
    result = run(file, *words)
    assert (result.exit_code, file.read_text()) == (3, text)
    assert str(file) in result.stderr
    assert named in result.stderr


@pytest.mark.parametrize(
    ("words", "status", "named"),
    [
        (("set", "bakc", "3"), 3, "back"),
        (("set", "back", "x"), 3, "back"),
        (("set", "back", "-1"), 3, "back"),
        (("set", "calendar.Films.kind", "movis"), 3, "movies"),
        (("set", "calendar.Films.listen", "[::]:1"), 3, "listen"),
        (("set", "films.back", "3"), 3, "films.back"),
        (("set", "show_offsets.Kiln", "x"), 3, "show_offsets"),
        (("unset", "show_offsets.Kiln"), 3, "show_offsets"),
        (("set", "password", "hunter22"), 2, "password"),
        (("set", "push.home.password", "hunter22"), 2, "password"),
        (("set", "push.home.username", "me"), 3, "url"),
        (("set", "push.home.calender", "x"), 3, "calendar"),
        (("set", "push.home", "x"), 3, "push.home.SETTING"),
        (("unset", "push.home"), 3, "push.home"),
        (("set",), 2, "NAME"),
        (("sett", "back", "3"), 2, "sett"),
        (("edit", "x"), 2, "edit"),
    ],
)
def test_what_is_wrong_is_never_written(file: Path, words: tuple[str, ...], status: int, named: str) -> None:
    """The file stays as it was, and the error names what is wrong."""
    result = run(file, *words)
    assert (result.exit_code, file.read_text()) == (status, FILE)
    assert named in result.stderr
    assert "hunter22" not in result.output


def test_a_file_that_is_wrong_already_is_not_made_worse(file: Path) -> None:
    """Its errors are reported, and nothing is written but what mends them."""
    file.write_text("ahead = 'x'\n")
    assert run(file, "set", "back", "3").exit_code == 3
    assert file.read_text() == "ahead = 'x'\n"
    assert run(file, "set", "ahead", "3").exit_code == 0


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It is made with its folder; a secret comes from standard input and is not shown."""
    home = tmp_path / "new"
    environment = Environment(environ={"TRAKT_ICAL_HOME": str(home)})
    result = CliRunner().invoke(cli, ["config", "set", "password"], input="hunter22\n", obj=environment)
    assert result.exit_code == 0
    assert "hunter22" not in result.output
    file = home / "config.toml"
    assert tomllib.loads(file.read_text()) == {"password": "hunter22"}
    assert (file.stat().st_mode & 0o777, home.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_editor_is_the_users(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it writes stays, and is checked."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "ahead = $DAYS" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    for days, status in (("7", 0), ("x", 3)):
        monkeypatch.setenv("DAYS", days)
        assert run(file, "edit").exit_code == status
        assert file.read_text() == f"ahead = {days}\n"


@pytest.mark.parametrize("editor", ["/missing/editor", "false"])
def test_an_editor_that_fails_is_named(file: Path, monkeypatch: pytest.MonkeyPatch, editor: str) -> None:
    """It is a matter of settings, and no bug; the file stays."""
    monkeypatch.setenv("VISUAL", editor)
    result = run(file, "edit")
    assert (result.exit_code, editor in result.stderr) == (3, True)
    assert file.read_text() == FILE


def test_a_value_that_nobody_gives_is_not_an_empty_one(file: Path) -> None:
    """The end of standard input is wrong usage."""
    assert run(file, "set", "owner").exit_code == 2
    assert file.read_text() == FILE


def test_config_shows_what_differs(file: Path) -> None:
    """With --all and --json, all of them; it says whether the file is there."""
    names = [row.split("  ")[0] for row in run(file).stdout.splitlines()]
    assert names == ["back", "Films: kind"]
    assert len(run(file, "--all").stdout.splitlines()) > 50
    assert len(json.loads(run(file, "--json").stdout)) > 50
    assert str(file) in run(file).stderr
    result = CliRunner().invoke(cli, ["config"], obj=Environment(environ={}))
    assert result.stdout == ""
    assert "not exist" in result.stderr


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    found: dict[str, object] = json.loads(CliRunner().invoke(cli, ["config", "--schema"]).stdout)
    return found


def test_the_schema_takes_right_files(schema: dict[str, object]) -> None:
    """The samples, and one with every kind of table."""
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in [SAMPLES / "config.toml", *(SAMPLES / "rules").glob("*.toml")]:
        jsonschema.validate(tomllib.loads(path.read_text()), schema)
    jsonschema.validate(
        tomllib.loads(
            "password_file = 'x'\n[defaults]\nkind = 'movies'\n[account.a]\napi = 'v1'\npassword_file = 'x'\n"
            "[calendar.A]\naccount = 'a'\nshow_offsets = { x = 3 }\ninclude_shows = [123, 'the-wire']\n"
        ),
        schema,
    )


@pytest.mark.parametrize(
    "text",
    [
        "bakc = 3",
        "back = 'x'",
        "back = -1",
        "kind = ['movis']",
        "specials = 'maybe'",
        "[calendar.A]\nlisten = ['x']",
        "[account.A]\nback = 3",
        "[defaults]\nclient_id = 'x'",
        "show_offsets = { x = 'y' }",
    ],
)
def test_the_schema_refuses_wrong_files(schema: dict[str, object], text: str) -> None:
    """What the program refuses, an editor can mark."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), schema)
