"""Settings: where they come from, which source wins, and how wrong ones are reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Line
from trakt_ical.config import ACCOUNT, FIELDS, SECRETS, Resolved, resolve_settings
from trakt_ical.errors import SettingsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    return path


def resolve_text(file: Path, text: str = "", environ: dict[str, str] | None = None, **flags: Any) -> Resolved:
    """What the settings file *file* with this *text*, the environment and the flags resolve to."""
    file.write_text(text)
    return resolve_settings(flags=flags, environ=environ or {}, default_file=file)


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(file: Path) -> None:
    """Each source gives way to the one before it, and the origin is remembered."""
    assert resolve_text(file).settings.back == 30
    assert resolve_text(file, "back = 1").settings.back == 1
    assert resolve_text(file, "back = 1", {"TRAKT_ICAL_BACK": "2"}).settings.back == 2
    resolved = resolve_text(file, "back = 1\nahead = 7", {"TRAKT_ICAL_BACK": "2"}, back=3, ahead=None)
    assert (resolved.settings.back, resolved.settings.ahead) == (3, 7)
    assert (resolved.base.find_origin("back"), resolved.base.find_origin("ahead")) == ("flag", str(file))
    assert resolved.base.find_origin("output") == "default"


@pytest.mark.parametrize(
    ("text", "environ", "name", "value"),
    [
        ('kind = ["shows", "movies"]', {}, "kind", ("shows", "movies")),
        ("", {"TRAKT_ICAL_KIND": "movies,dvd movies"}, "kind", ("movies", "dvd")),
        ("spoilers = false", {}, "spoilers", False),
        ("", {"TRAKT_ICAL_SPOILERS": "No"}, "spoilers", False),
        ("", {"TRAKT_ICAL_TIMEZONE": "Europe/Berlin"}, "timezone", "Europe/Berlin"),
        ("default_runtime = 20", {}, "default_runtime", 20),
    ],
)
def test_values_have_their_types(file: Path, text: str, environ: dict[str, str], name: str, value: object) -> None:
    """Texts of the environment and values of the file become the same types."""
    assert getattr(resolve_text(file, text, environ).settings, name) == value


WRONG = [
    ("bcak = 1", {}, r"config\.toml, line 1 .*bcak.*\bback\?"),
    ("zzzz = 1", {}, r"config\.toml, line 1 .*zzzz[^?]*$"),
    ("", {"TRAKT_ICAL_AHAED": "1"}, r"TRAKT_ICAL_AHAED.*TRAKT_ICAL_AHEAD\?"),
    ('back = "1"x', {}, "is not TOML"),
    ("back = 1.5", {}, "back .*must be a whole number"),
    ("back = true", {}, "back .*must be a whole number"),
    ("", {"TRAKT_ICAL_BACK": "-1"}, r"back \(TRAKT_ICAL_BACK\).* 0 to 3660\b"),
    ("back = -1", {}, r"back .* 0 to 3660\b"),
    ("ahead = 99999", {}, r"ahead .* 0 to 3660\b"),
    ("default_runtime = 0", {}, r"default_runtime .* 1 to 1440\b"),
    ('spoilers = "maybe"', {}, "spoilers .*true or false"),
    ("kind = 3", {}, "kind .*list"),
    ('kind = ["show"]', {}, r"kind .*'show'.*shows\?"),
    ("kind = []", {}, r"^kind \("),
    ('api = "v3"', {}, "one of v2, v1"),
    ('output = ""', {}, r"^output \("),
    ("output = 1", {}, r"^output \(.*text"),
    ('timezone = "Europe/Berln"', {}, r"timezone .*'Europe/Berln'.*Europe/Berlin\?"),
    ('timezone = "../etc/passwd"', {}, r"timezone .*'\.\./etc/passwd'"),
    ('api_url = "trakt.tv"', {}, "api_url .*https://"),
    ('api_url = "https://"', {}, "api_url .*https://"),
    ('api_url = "https://x/?q=1"', {}, "api_url .*#"),
    ("", {"TRAKT_ICAL_BACK": "9" * 5000}, "back .*whole number"),
    ("", {"TRAKT_ICAL_USERNAME": "\udcff"}, "control characters"),
    ('client_id = "a\\nb"', {}, "control characters"),
    ("max_bytes = -1", {}, r"max_bytes .*\b0\b"),
    ('api_url = "http://x:port/"', {}, "api_url .*https://"),
    ('api = "v1"\nkind = ["movies"]', {}, "API v1 has no calendar of movies"),
    ('api = "v1"\nsource = "all"', {}, "source .* must be my: .*API v1"),
    ('password = "a"\npassword_file = "b"', {}, "both password and password_file"),
    ("", {"TRAKT_ICAL_PASSWORD": "a", "TRAKT_ICAL_PASSWORD_FILE": "b"}, "both TRAKT_ICAL_PASSWORD and"),
    ("", {"TRAKT_ICAL_PASSWORD_FILE": "/no/such"}, "TRAKT_ICAL_PASSWORD_FILE: the file /no/such cannot be read"),
    ('back_file = "x"', {}, "back_file, which is not a setting"),
    ("password_file = 3", {}, "password_file in .* must be the name of a file"),
    (r'password_file = "a\u0000"', {}, "password_file in .* cannot be read: embedded null byte"),
    ('password_file = "~nobody-here/x"', {}, r"password_file in .* cannot be read: [^.]*\.$"),
    ('output = "~nobody-here/x.ics"', {}, r"output \(.*line 1\).*~"),
    ("", {"TRAKT_ICAL_TOKEN_FILE": "~nobody-here/x"}, r"token_file \(TRAKT_ICAL_TOKEN_FILE\).*~"),
    ("back = " + "9" * 5000, {}, "is not TOML: .*5000 digits"),
    ("kind = " + "[" * 3000 + "]" * 3000, {}, r"config\.toml nests"),
    ("#" * 2**20 + "\nback = 3", {}, "cannot be read: File too large"),
    (r'title = "{show}\u2028{title}"', {}, r"title \(.*control characters"),
]


@pytest.mark.parametrize(("text", "environ", "sentence"), WRONG)
def test_a_wrong_setting_is_reported(file: Path, text: str, environ: dict[str, str], sentence: str) -> None:
    """A wrong setting ends in one sentence that names it, its origin and the nearest right name."""
    with pytest.raises(SettingsError, match=sentence) as raised:
        resolve_text(file, text, environ)
    assert raised.value.exit_code == 3


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_may_be_a_file(file: Path, tmp_path: Path, name: str) -> None:
    """Each secret may be given as the name of a file, its last line break not part of it."""
    (tmp_path / "secret").write_text("s3cret \n")
    for text, environ in (
        (f"{name}_file = '{tmp_path / 'secret'}'", {}),
        ("", {f"TRAKT_ICAL_{name.upper()}_FILE": str(tmp_path / "secret")}),
    ):
        assert getattr(resolve_text(file, text, environ).settings, name) == "s3cret "


def test_a_settings_file_may_begin_with_a_byte_order_mark(file: Path) -> None:
    """The byte order mark with which editors on Windows begin a file is skipped."""
    assert resolve_text(file, "\ufeffback = 3").settings.back == 3


def test_a_settings_file_in_an_unknown_home_is_reported(file: Path) -> None:
    """A ~ that stands for no known home folder is an error of the settings, not a crash."""
    with pytest.raises(SettingsError, match="~nobody-here/config.toml .*~"):
        resolve_settings(flags={"config": "~nobody-here/config.toml"}, environ={}, default_file=file)


def test_a_named_settings_file_must_exist(file: Path, tmp_path: Path) -> None:
    """A file that a flag or the environment names must be there; the default one need not."""
    file.unlink()
    assert resolve_settings(flags={}, environ={}, default_file=file).settings.back == 30
    with pytest.raises(SettingsError, match="does not exist"):
        resolve_settings(flags={"config": str(file)}, environ={}, default_file=file)
    with pytest.raises(SettingsError, match="does not exist"):
        resolve_settings(flags={}, environ={"TRAKT_ICAL_CONFIG": str(file)}, default_file=file)
    with pytest.raises(SettingsError, match="cannot be read"):
        resolve_settings(flags={"config": str(tmp_path)}, environ={}, default_file=file)


def test_secrets_that_others_may_read_are_warned_of(file: Path) -> None:
    """A settings file that holds a secret and that others can read causes a warning."""
    assert resolve_text(file, 'password = "x"').warnings == ()
    file.chmod(0o644)
    [warning] = resolve_text(file, 'password = "x"').warnings
    assert "chmod 600" in warning
    assert resolve_text(file, 'api_url = "https://me:pw@x"').warnings == (warning,)
    assert resolve_text(file, "back = 3").warnings == ()


def test_config_shows_values_and_origins_but_no_secret(line: Line, tmp_path: Path) -> None:
    """The listing names every setting; secrets, and what stands before the @ of an address, are masked."""
    (tmp_path / "c.toml").write_text('api_url = "https://me:hunter2@trakt.example/x"\nback = 5\n')
    environ = {"TRAKT_ICAL_API_URL": "https://me:hunter2@trakt.example/x"}
    result = line("config", "--all", "--config", str(tmp_path / "c.toml"), environ=environ)
    assert result.exit_code == 0
    rows = {row.split()[0]: row for row in result.stdout.splitlines()}
    assert list(rows) == list(FIELDS)
    assert "…@trakt.example/x" in rows["api_url"]
    assert rows["back"].split() == ["back", "5", str(tmp_path / "c.toml")]
    assert "(set)" in rows["password"]
    assert not {"hunter2", line.demo.password, line.demo.api_key, line.demo.client_secret} & set(result.output.split())
    assert "hunter2" not in result.output


def test_the_demo_takes_no_account_from_outside(line: Line) -> None:
    """With --demo no account setting of environment or flag counts, other settings do."""
    result = line("--demo", "config", "--all", "--api-url", "https://trakt.example", environ={"TRAKT_ICAL_BACK": "5"})
    rows = {row.split()[0]: row for row in result.stdout.splitlines()}
    assert all(rows[name].endswith(("the built-in Trakt", "default")) for name in ACCOUNT)
    assert "127.0.0.1" in rows["api_url"]
    assert rows["back"].split()[1] == "5"


def test_the_demo_writes_a_file_of_its_own(line: Line, tmp_path: Path) -> None:
    """With --demo the default output is trakt-demo.ics; flag, environment and settings file still win."""
    settings = tmp_path / "c.toml"
    settings.write_text('output = "file.ics"\n', "utf-8")
    del line.environ["TRAKT_ICAL_OUTPUT"]

    def find_output(*arguments: str, **environ: str) -> str:
        listing = line(*arguments, environ=environ).stdout
        return next(row.split()[1] for row in listing.splitlines() if row.startswith("output "))

    assert find_output("--demo", "config", "--all") == "trakt-demo.ics"
    assert find_output("--demo", "config", "--all", "--config", str(settings)) == "file.ics"
    named = {"TRAKT_ICAL_OUTPUT": "named.ics"}
    assert find_output("--demo", "config", "--all", "--config", str(settings), **named) == "named.ics"
    assert find_output("config", "--all") == "trakt.ics"


def test_settings_do_not_show_their_secrets(file: Path) -> None:
    """The repr of settings, and of what they were made from, leaves secrets out."""
    resolved = resolve_text(file, 'password = "hunter2"')
    assert resolved.settings.password == "hunter2"
    assert "hunter2" not in repr(resolved)
