"""Where the value of each setting comes from.

A flag beats the environment (`TRAKT_ICAL_BACK`), which beats the settings file (`back` in
`[calendar.NAME]`, then in `[account.NAME]` for settings of accounts, then in `[defaults]` or above
all tables), which beats the default. A secret may also be given as the name of a file that holds it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from trakt_ical.config.accounts import choose_account, find_account_warnings, refuse_shared_logins
from trakt_ical.config.given import (
    ACCOUNTS,
    CONFIG,
    TABLES,
    GivenValues,
    SettingsReader,
    read_environment,
)
from trakt_ical.config.problems import Problems
from trakt_ical.config.pushes import PUSHES, PushTarget, check_pushes, list_push_values, read_pushes
from trakt_ical.config.rules_from_settings import Calendar, make_calendar
from trakt_ical.config.settings import ACCOUNT, FIELDS, OF_ACCOUNTS, OF_CALENDARS, PERSONAL, SECRETS, Settings
from trakt_ical.config.settings_file import SettingsFile, load_settings_file, parse_settings_file
from trakt_ical.config.values import GivenValue, format_value
from trakt_ical.errors import SettingsError
from trakt_ical.export.stores.address import hide_path, is_bucket_address
from trakt_ical.wording import suggest_nearest

BUILT_IN = "the built-in Trakt"
"""The origin of the settings that --demo gives."""
ONE_USER = (
    "--demo is logged in as one user, so there is no account {name}. Leave out --account, or try a household with "
    'trakt-ical demo: see "Try it" in docs/accounts.md'
)


class Resolved(msgspec.Struct, frozen=True):
    """The settings in force: *base* is outside of calendars, *file* the settings file, *warnings* are for the user.

    *accounts*: what *base* is for each account, by its name; "" for the account above all tables. *account* is the
    one that the user chose, None where it was not chosen. *pushes* are the tables [push.NAME].
    """

    base: Calendar
    calendars: tuple[Calendar, ...]
    file: Path
    warnings: tuple[str, ...]
    accounts: Mapping[str, Calendar]
    account: str | None = None
    pushes: Mapping[str, PushTarget] = {}

    @property
    def settings(self) -> Settings:
        """The settings in force outside of calendars."""
        return self.base.settings

    def choose_account(self) -> str:
        """Return the account that a command for one account is about. Raises SettingsError where it is not clear."""
        return choose_account(self.account, self.base, self.calendars, self.accounts)

    def select_account(self, name: str) -> Resolved:
        """Return what holds for the account *name* alone; where it has no calendar, a single one without a name."""
        calendars = tuple(each for each in self.calendars if each.settings.account == name)
        return replace(self, base=self.accounts[name], calendars=calendars or (self.accounts[name],), account=name)


def resolve_settings(
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    default_file: Path,
    account: Mapping[str, str] | None = None,
    output: str | None = None,
    text: str | None = None,
) -> Resolved:
    """Bring the sources of settings together.

    *flags* are None where not given; the flag `config` names the settings file, which must exist unless the command
    `creates_file`. With *account*
    (of the built-in Trakt) the account settings of file, environment and flags are ignored, and so are accounts.
    *output*, where given, replaces the default of that setting; *text* is read in place of the settings file's.
    Raises SettingsError, which names the setting and its origin.
    """
    chosen = flags.get("config") or environ.get(CONFIG)
    path = Path(chosen) if chosen else default_file
    file = (
        load_settings_file(path, must_exist=bool(chosen) and not flags.get("creates_file"))
        if text is None
        else parse_settings_file(path, text)
    )
    reader = SettingsReader(file)
    problems = reader.problems
    common = reader.read_program_settings()
    tables, accounts = reader.read_tables(TABLES, OF_CALENDARS), reader.read_tables(ACCOUNTS, OF_ACCOUNTS)
    pushes = read_pushes(file, problems)
    above = dict(read_environment(environ, problems))
    above |= {name: GivenValue(value, "flag") for name, value in flags.items() if name in FIELDS and value is not None}
    # The flag chooses among the accounts. It never moves a calendar from one to another.
    selected = above.pop("account", None)
    if account is not None:
        if selected is not None and selected.origin == "flag" and selected.value:
            raise SettingsError(ONE_USER.format(name=selected.value))
        # Otherwise a login or an address of the user's own would meet the built-in Trakt, or the reverse.
        common, above = _leave_out(common, ACCOUNT | {"account"}), _leave_out(above, ACCOUNT)
        tables = {name: _leave_out(table, {"account"}) for name, table in tables.items()}
        accounts, selected = {}, None
        above |= {name: GivenValue(value, BUILT_IN) for name, value in account.items()}
    layers = _Layers({} if output is None else {"output": GivenValue(output, "default")}, common, accounts, above, path)
    names = ("", *accounts)
    made = _make_calendars(
        [("", {}), *(("", {"account": GivenValue(name, f"[{ACCOUNTS}.{name}]")}) for name in names)], layers, problems
    )
    # A named calendar has no default output: two of them would write to one file.
    calendars = _make_calendars(tables.items(), layers, problems, {"output": GivenValue("", "default")})
    problems.raise_found()
    base, bases = made[0], dict(zip(names, made[1:], strict=True))
    # With -o, all calendars have one output for now. The command refuses several calendars then.
    if flags.get("output") is None:
        _check_outputs(calendars)
    resolved = Resolved(base, tuple(calendars) or (base,), file.path, tuple(_find_warnings(file)), bases, pushes=pushes)
    check_pushes(resolved.calendars, pushes)
    if selected is not None and (selected.origin == "flag" or selected.value):
        layers.check_account(selected)
        resolved = replace(resolved, account=selected.value)
    refuse_shared_logins(resolved.calendars, bases)
    return replace(resolved, warnings=(*resolved.warnings, *find_account_warnings(resolved.calendars, bases)))


def _make_calendars(
    tables: Iterable[tuple[str, GivenValues]],
    layers: _Layers,
    problems: Problems,
    under: Mapping[str, GivenValue] | None = None,
) -> list[Calendar]:
    """Return a calendar for each of *tables*, given with its name; *problems* takes what is wrong with the others."""
    made = []
    for name, table in tables:
        with problems.catch():
            made.append(make_calendar(name, layers.merge(table, under)))
    return made


def _leave_out(given: GivenValues, names: Collection[str]) -> GivenValues:
    return {name: each for name, each in given.items() if name not in names}


class _Layers(msgspec.Struct, frozen=True):
    """What was given for all calendars: *defaults*, *common* of the *file*, the *accounts*' tables, *above* them."""

    defaults: GivenValues
    common: GivenValues
    accounts: Mapping[str, GivenValues]
    above: GivenValues
    file: Path

    def merge(self, table: GivenValues, under: Mapping[str, GivenValue] | None = None) -> GivenValues:
        """Return what is given for a calendar with *table*; *under* stands in for the defaults."""
        common, above, of_account = self.common, self.above, GivenValues()
        chosen = (common | table).get("account")
        if chosen is not None and chosen.value:
            self.check_account(chosen)
            of_account = self.accounts[chosen.value]
            # An app at Trakt may serve a household, so its client_id is inherited. A token, a user name or a password
            # says whose login it is: inherited, it would show one person's calendar as another's.
            others = PERSONAL | ({"client_secret"} if "client_id" in of_account else set())  # the secret of another app
            common = _leave_out(common, others)
            above = {name: each for name, each in above.items() if name not in others or each.origin == "flag"}
        return self.defaults | dict(under or {}) | common | of_account | table | above

    def check_account(self, given: GivenValue) -> None:
        """Raise SettingsError unless the account *given* by name is one of the file's, or the one without a name."""
        if given.value == "" or given.value in self.accounts:
            return
        have = f"The settings file has: {', '.join(self.accounts)}." if self.accounts else "The settings file has none."
        nearest = suggest_nearest(str(given.value), self.accounts)
        raise SettingsError(
            f"There is no account {given.value} (account, {given.locate()}). {have}{nearest} "
            f"To add one, write a table [{ACCOUNTS}.{given.value}] into {self.file}."
        )


def _check_outputs(calendars: Collection[Calendar]) -> None:
    """Refuse two calendars that write to one output: each would find the other's file there, and refuse it."""
    outputs: dict[str, Calendar] = {}
    for calendar in calendars:
        output = calendar.settings.output
        if not output:
            continue
        is_path = output != "-" and not is_bucket_address(output)
        target = os.path.realpath(Path(output).expanduser()) if is_path else output
        if other := outputs.get(target):
            raise SettingsError(
                f"The calendars {other.name} and {calendar.name} have one output, {hide_path(output)} "
                f"({calendar.given['output'].locate()}). Give each its own."
            )
        outputs[target] = calendar


def _find_warnings(file: SettingsFile) -> Iterator[str]:
    # Secrets stand above all tables and in those of accounts; an address may hold a password before its @.
    tables = [file.tables, *file.tables.get(ACCOUNTS, {}).values(), *file.tables.get(PUSHES, {}).values()]
    secrets = any(
        SECRETS & set(table) or any("@" in str(table.get(name)) for name in ("api_url", "auth_url")) for table in tables
    )
    if secrets and file.is_open_to_others():
        yield f"{file.path} holds secrets, and other users can read it. Run: chmod 600 {file.path}"


class ShownSetting(msgspec.Struct, frozen=True):
    """One setting for people: secrets are masked. *account* and *calendar* are "" for what holds outside of them."""

    calendar: str
    name: str
    value: str
    origin: str
    account: str = ""


def list_settings(resolved: Resolved) -> Iterator[ShownSetting]:
    """Yield each setting for people, then those that each named account and each named calendar have for themselves."""
    for name in FIELDS:
        yield ShownSetting("", name, _mask_value(resolved.settings, name), resolved.base.find_origin(name))
    for account, base in resolved.accounts.items():
        is_chosen = account and resolved.account in (None, account)
        for name in sorted(OF_ACCOUNTS, key=list(FIELDS).index) if is_chosen else ():
            if base.find_origin(name) != resolved.accounts[""].find_origin(name):
                yield ShownSetting("", name, _mask_value(base.settings, name), base.find_origin(name), account)
    for name, value in list_push_values(resolved.pushes):
        yield ShownSetting("", name, value, str(resolved.file))
    for calendar in resolved.calendars:
        base = resolved.accounts[calendar.settings.account]
        for name in FIELDS if calendar.name else ():
            is_own = calendar.find_origin(name) != base.find_origin(name)
            if calendar.settings.account if name == "account" else is_own:
                value = _mask_value(calendar.settings, name)
                yield ShownSetting(calendar.name, name, value, calendar.find_origin(name))


def _mask_value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if name in SECRETS:
        return "(set)" if value else ""
    if name == "output":
        return hide_path(value)
    return hide_userinfo(value) if name.endswith("_url") else format_value(value)


def hide_userinfo(url: str) -> str:
    """Return *url* for people: what stands before an @ may be a password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"…@{host}" if "@" in parts.netloc else host))
