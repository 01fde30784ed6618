"""`[account.NAME]` tables: what an account inherits, which one a command is about, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from trakt_ical.config import Resolved, resolve_settings
from trakt_ical.errors import SettingsError

HOUSEHOLD = """
client_id = "the-house"
token_file = "mine.json"
username = "me"
[account.anna]
[account.ben]
client_id = "ben's own"
[calendar.Hers]
account = "anna"
[calendar.His]
account = "ben"
[calendar.Mine]
"""


def resolve(tmp_path: Path, text: str, **given: str) -> Resolved:
    """Resolve the settings file *text*; *given* are flags, and variables where they are in capitals."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    file.chmod(0o600)
    flags = {name: value for name, value in given.items() if name.islower()}
    environ = {f"TRAKT_ICAL_{name}": value for name, value in given.items() if name.isupper()}
    return resolve_settings(flags=flags, environ=environ, default_file=file)


def test_an_app_is_inherited_but_no_login(tmp_path: Path) -> None:
    """One app serves a household; who logs in where is each account's own."""
    hers, his, mine = (each.settings for each in resolve(tmp_path, HOUSEHOLD).calendars)
    assert [each.client_id for each in (hers, his, mine)] == ["the-house", "ben's own", "the-house"]
    assert [each.token_file for each in (hers, his, mine)] == ["", "", "mine.json"]
    assert [each.username for each in (hers, his, mine)] == ["", "", "me"]


def test_an_app_of_the_accounts_own_has_no_secret_of_another(tmp_path: Path) -> None:
    """Trakt would refuse the pair, and learn the secret of an app that it is not asked for."""
    text = 'client_secret = "of the house"\n' + HOUSEHOLD
    hers, his, mine = (each.settings.client_secret for each in resolve(tmp_path, text).calendars)
    assert (hers, his, mine) == ("of the house", "", "of the house")
    own = text.replace('client_id = "ben', 'client_secret = "his"\nclient_id = "ben')
    assert resolve(tmp_path, own).calendars[1].settings.client_secret == "his"


def test_the_environments_login_is_that_of_the_account_without_a_name(tmp_path: Path) -> None:
    """A variable that says whose login it is would else make all accounts one."""
    hers, _, mine = (each.settings for each in resolve(tmp_path, HOUSEHOLD, TOKEN_FILE="t.json", BACK="3").calendars)
    assert (hers.token_file, mine.token_file) == ("", "t.json")
    assert (hers.back, mine.back) == (3, 3)


def test_a_chosen_account_has_its_own_calendars(tmp_path: Path) -> None:
    """`--account` chooses; it moves no calendar from one account to another."""
    resolved = resolve(tmp_path, HOUSEHOLD, account="ben")
    assert resolved.choose_account() == "ben"
    assert [each.name for each in resolved.select_account("ben").calendars] == ["His"]
    assert [each.name for each in resolve(tmp_path, HOUSEHOLD, ACCOUNT="anna").select_account("anna").calendars] == [
        "Hers"
    ]


def test_an_account_without_calendars_has_the_one_without_a_name(tmp_path: Path) -> None:
    """A calendar that nobody named shows the account's shows by the rules that hold for all; it is warned about."""
    resolved = resolve(tmp_path, "[account.anna]\n[account.ben]\n[calendar.A]\naccount = 'anna'\n")
    assert [each.name for each in resolved.select_account("ben").calendars] == [""]
    [warning] = resolved.warnings
    assert "ben" in warning


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("", ""),
        ("[calendar.A]\n", ""),
        ("[account.anna]\n[calendar.A]\naccount = 'anna'\n", "anna"),
        ("[defaults]\naccount = 'anna'\n[account.anna]\n[account.ben]\n[calendar.A]\n", "anna"),
        ("[defaults]\naccount = 'anna'\n[account.anna]\n[account.ben]\n[calendar.A]\naccount = 'ben'\n", "anna"),
    ],
)
def test_a_command_for_one_account_finds_it(tmp_path: Path, text: str, account: str) -> None:
    """It is the one of `[defaults]`, or the only one that has calendars."""
    assert resolve(tmp_path, text).choose_account() == account


def test_where_several_could_be_meant_the_user_is_asked_which(tmp_path: Path) -> None:
    """The error names each account."""
    with pytest.raises(SettingsError, match="--account anna.*--account ben"):
        resolve(tmp_path, HOUSEHOLD).choose_account()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[calendar.A]\naccount = 'ana'\n[account.anna]\n", ("ana", "line 2", "anna")),
        ("[defaults]\naccount = 'ana'\n", ("ana", "line 2", "none")),
        ("account = 'anna'\n", ("account", "defaults")),
        ("[account.anna]\nback = 3\n", ("back", "line 2", "calendar")),
        ("[account.anna]\nlisten = ['[::]:1']\n", ("listen", "line 2", "whole program")),
        ("[calendar.A]\nclient_id = 'x'\n", ("client_id", "line 2", "account")),
        ("[account.anna]\nclient_di = 'x'\n", ("client_di", "client_id")),
        ("[account.'a/b']\n", ("a/b",)),
        ("[account.Anna]\n[account.anna]\n", ("Anna", "capitals")),
        ("[account.a]\ntoken_file = 't'\n[account.b]\ntoken_file = './t'\n", ("a", "b", "token_file")),
        ("token_file = 't'\n[account.b]\ntoken_file = 't'\n", ("b", "token_file")),
        (
            "api = 'v1'\napi_url = 'http://localhost'\napi_key = 'k'\n"
            "[account.a]\nusername = 'u'\n[account.b]\nusername = 'u'\n",
            ("a", "b", "username"),
        ),
    ],
)
def test_what_is_wrong_between_accounts_is_refused(tmp_path: Path, text: str, named: tuple[str, ...]) -> None:
    """The error names the account, the setting and its line."""
    with pytest.raises(SettingsError) as caught:
        resolve(tmp_path, text)
    assert all(each in str(caught.value) for each in named), str(caught.value)


def test_an_unknown_account_that_is_chosen_is_refused(tmp_path: Path) -> None:
    """The nearest name is suggested."""
    with pytest.raises(SettingsError, match="anna"):
        resolve(tmp_path, HOUSEHOLD, account="ana")


def test_the_built_in_trakt_has_one_account(tmp_path: Path) -> None:
    """Its own; what the settings file says of accounts is left out, so that no login of the user's meets it."""
    file = tmp_path / "config.toml"
    file.write_text(HOUSEHOLD)
    file.chmod(0o600)
    resolved = resolve_settings(flags={}, environ={}, default_file=file, account={"username": "demo"})
    assert {each.settings.account for each in resolved.calendars} == {""}
    assert {each.settings.username for each in resolved.calendars} == {"demo"}
    with pytest.raises(SettingsError, match="anna"):  # else a command for her would be done for another user
        resolve_settings(flags={"account": "anna"}, environ={}, default_file=file, account={"username": "demo"})
    environ = {"TRAKT_ICAL_ACCOUNT": "anna"}  # of the user's own settings, as all variables of accounts
    assert resolve_settings(flags={}, environ=environ, default_file=file, account={}).account is None


def test_an_account_that_no_table_has_is_refused(tmp_path: Path) -> None:
    """Also where the settings have no accounts at all; the error says what to write, and where."""
    with pytest.raises(SettingsError, match=r"\[account\.anna\].*config\.toml"):
        resolve(tmp_path, "", account="anna")
