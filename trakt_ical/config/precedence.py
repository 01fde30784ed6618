"""Where the value of each setting comes from.

A flag beats the environment (`TRAKT_ICAL_BACK`), which beats the settings file (`back` in
`[calendar.NAME]`, then in `[account.NAME]` for settings of accounts, then in `[defaults]` or above
all tables), which beats the default. A secret may also be given as the name of a file that holds it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from trakt_ical.config.accounts import choose_account, find_account_warnings, refuse_shared_logins
from trakt_ical.config.problems import Problems
from trakt_ical.config.rules_from_settings import Calendar, make_calendar
from trakt_ical.config.settings import ACCOUNT, FIELDS, OF_ACCOUNTS, OF_CALENDARS, PERSONAL, SECRETS, Settings
from trakt_ical.config.settings_file import SettingsFile, load_settings_file, parse_settings_file, read_text
from trakt_ical.config.values import GivenValue, format_value
from trakt_ical.errors import SettingsError
from trakt_ical.export.stores.address import hide_path, is_bucket_address
from trakt_ical.wording import suggest_nearest

PREFIX = "TRAKT_ICAL_"
CONFIG = PREFIX + "CONFIG"
HOME = PREFIX + "HOME"
# What the command of `after_change` finds in its environment. Where it is this program again, neither is a setting.
HOOK_FILE, HOOK_NAME = PREFIX + "FILE", PREFIX + "NAME"
TABLES = "calendar"  # [calendar.NAME] is one of them
ACCOUNTS = "account"  # and [account.NAME]
DEFAULTS = "defaults"  # [defaults] holds for all of them
_NAME = re.compile(r"\w[\w .-]{0,62}(?<![ .])")  # fits into file names and addresses

_Values = dict[str, GivenValue]


class Resolved(msgspec.Struct, frozen=True):
    """The settings in force: *base* is outside of calendars, *file* the settings file, *warnings* are for the user.

    *accounts*: what *base* is for each account, by its name; "" for the account above all tables. *account* is the
    one that the user chose, None where it was not chosen.
    """

    base: Calendar
    calendars: tuple[Calendar, ...]
    file: Path
    warnings: tuple[str, ...]
    accounts: Mapping[str, Calendar]
    account: str | None = None

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

    *flags* are None where not given; the flag `config` names the settings file. With *account*
    (of the built-in Trakt) the account settings of file, environment and flags are ignored, and so are accounts.
    *output*, where given, replaces the default of that setting; *text* is read in place of the settings file's.
    Raises SettingsError, which names the setting and its origin.
    """
    chosen = flags.get("config") or environ.get(CONFIG)
    path = Path(chosen) if chosen else default_file
    file = load_settings_file(path, must_exist=bool(chosen)) if text is None else parse_settings_file(path, text)
    reader = _Reader(file)
    problems = reader.problems
    common = reader.read_program_settings()
    tables, accounts = reader.read_tables(TABLES, OF_CALENDARS), reader.read_tables(ACCOUNTS, OF_ACCOUNTS)
    above = dict(_read_environment(environ, problems))
    above |= {name: GivenValue(value, "flag") for name, value in flags.items() if name in FIELDS and value is not None}
    # The flag chooses among the accounts. It never moves a calendar from one to another.
    selected = above.pop("account", None)
    if account is not None:
        # Otherwise a login or an address of the user's own would meet the built-in Trakt, or the reverse.
        common, above = _leave_out(common, ACCOUNT | {"account"}), _leave_out(above, ACCOUNT)
        tables = {name: _leave_out(table, {"account"}) for name, table in tables.items()}
        accounts, selected = {}, None
        above |= {name: GivenValue(value, "the built-in Trakt") for name, value in account.items()}
    layers = _Layers({} if output is None else {"output": GivenValue(output, "default")}, common, accounts, above)
    # A named calendar has no default output: two of them would write to one file.
    nowhere = {"output": GivenValue("", "default")}
    made: list[Calendar] = []
    for name, table in (("", _Values()), *(("", {"account": GivenValue(each, "")}) for each in ("", *accounts))):
        with problems.catch():
            made.append(make_calendar(name, layers.merge(table)))
    calendars: tuple[Calendar, ...] = ()
    for name, table in tables.items():
        with problems.catch():
            calendars += (make_calendar(name, layers.merge(table, nowhere)),)
    problems.raise_found()
    base, bases = made[0], dict(zip(("", *accounts), made[1:], strict=True))
    # With -o, all calendars have one output for now. The command refuses several calendars then.
    if flags.get("output") is None:
        _check_outputs(calendars)
    resolved = Resolved(base, calendars or (base,), file.path, tuple(_find_warnings(file)), bases)
    if selected is not None and (selected.origin == "flag" or selected.value):
        layers.check_account(selected)
        resolved = replace(resolved, account=selected.value)
    refuse_shared_logins(resolved.calendars, bases)
    return replace(resolved, warnings=(*resolved.warnings, *find_account_warnings(resolved.calendars, bases)))


def _leave_out(given: _Values, names: Collection[str]) -> _Values:
    return {name: each for name, each in given.items() if name not in names}


class _Layers(msgspec.Struct, frozen=True):
    """What was given for all calendars: *defaults*, *common* of the file, the *accounts*' tables, and *above* them."""

    defaults: _Values
    common: _Values
    accounts: Mapping[str, _Values]
    above: _Values

    def merge(self, table: _Values, under: Mapping[str, GivenValue] | None = None) -> _Values:
        """Return what is given for a calendar with *table*; *under* stands in for the defaults."""
        common, above, of_account = self.common, self.above, _Values()
        chosen = (common | table).get("account")
        if chosen is not None and chosen.value:
            self.check_account(chosen)
            of_account = self.accounts[chosen.value]
            # An app at Trakt may serve a household, so its client_id is inherited. A token, a user name or a password
            # says whose login it is: inherited, it would show one person's calendar as another's.
            common = _leave_out(common, PERSONAL)
            above = {name: each for name, each in above.items() if name not in PERSONAL or each.origin == "flag"}
        return self.defaults | dict(under or {}) | common | of_account | table | above

    def check_account(self, given: GivenValue) -> None:
        """Raise SettingsError unless the account *given* by name is one of the file's, or the one without a name."""
        if given.value == "" or given.value in self.accounts:
            return
        have = f"The settings file has: {', '.join(self.accounts)}." if self.accounts else "The settings file has none."
        nearest = suggest_nearest(str(given.value), self.accounts)
        raise SettingsError(f"There is no account {given.value} (account, {given.locate()}). {have}{nearest}")


class _Reader:
    """Reads the tables of *file*. What is wrong in one place is noted, and the others are read all the same."""

    def __init__(self, file: SettingsFile) -> None:
        self._file = file
        self.problems = Problems()

    def read_program_settings(self) -> _Values:
        """Return what the file sets outside of calendars and accounts: above all tables, and in `[defaults]`."""
        top = {key: value for key, value in self._file.tables.items() if key not in (TABLES, ACCOUNTS, DEFAULTS)}
        found = self._read_names(top, ())
        defaults = self._read_table(OF_CALENDARS, DEFAULTS)
        for name in sorted(defaults.keys() & found.keys()):
            both = f"{defaults[name].locate()} and {found[name].locate()}"
            self.problems.add(SettingsError(f"{both} both set {name}. Keep one."))
        return found | defaults

    def read_tables(self, kind: str, allowed: Collection[str]) -> dict[str, _Values]:
        """Return what the tables [*kind*.NAME] set, by their names; only the settings *allowed* may stand there."""
        tables = self._file.tables.get(kind, {})
        if not isinstance(tables, dict):
            hint = " To choose one for all calendars, put account into [defaults]." if kind == ACCOUNTS else ""
            place = self._file.locate(kind)
            self.problems.add(SettingsError(f"{place}: {kind}s are tables, [{kind}.NAME].{hint}"))
            return {}
        with self.problems.catch():
            _check_names(tables, kind, self._file)
        return {name: self._read_table(allowed, kind, name) for name in tables}

    def _read_table(self, allowed: Collection[str], *keys: str) -> _Values:
        """Return what the table at *keys* sets; only the settings *allowed* may stand there."""
        table: Any = self._file.tables
        for key in keys:
            table = table.get(key, {}) if isinstance(table, dict) else table
        if not isinstance(table, dict):
            name = ".".join(keys)
            self.problems.add(SettingsError(f"{self._file.locate(*keys)}: {name} must be a table, [{name}]."))
            return {}
        found = self._read_names(table, keys)
        for name in [name for name in found if name not in allowed]:
            given = found.pop(name)
            message = f"{given.locate()}: {name} is {_describe_owner(name)}."
            self.problems.add(SettingsError(message, self._file.quote(*given.keys, hides_value=True)))
        return found

    def _read_names(self, table: Mapping[str, Any], keys: tuple[str, ...]) -> _Values:
        file, found = self._file, _Values()
        origin = f"[{'.'.join(keys)}] in {file.path}" if keys else str(file.path)
        for key, value in table.items():
            name = _find_setting(key)
            if name is None:
                nearest = suggest_nearest(key, FIELDS if keys else (*FIELDS, TABLES, ACCOUNTS, DEFAULTS))
                message = f"{file.locate(*keys, key)} sets {key}, which is no setting.{nearest}"
                # What it sets may be a secret whose name is misspelt.
                self.problems.add(SettingsError(message, file.quote(*keys, key, hides_value=True)))
                continue
            with self.problems.catch():
                if name in table and key != name:
                    raise SettingsError(f"{file.path} sets both {name} and {key}. Keep one.")
                value = value if key == name else _read_secret(value, f"{key} in {file.path}")
                found[name] = GivenValue(value, origin, file, (*keys, key))
        return found


def _describe_owner(name: str) -> str:
    """Return what the setting *name* is a setting of, and where it stands."""
    if name in OF_CALENDARS:
        return "a setting of calendars. Put it into a [calendar.NAME] table or into [defaults]"
    if name in OF_ACCOUNTS:
        return "a setting of accounts. Put it above all [tables] or into an [account.NAME] table"
    return "a setting of the whole program. Put it above all [tables]"


def _read_environment(environ: Mapping[str, str], problems: Problems) -> Iterator[tuple[str, GivenValue]]:
    # Unknown names are errors here too: a misspelt variable would otherwise be ignored without a word.
    for key in sorted(environ):
        of_hook = HOOK_FILE in environ and key in (HOOK_FILE, HOOK_NAME)
        if not key.startswith(PREFIX) or key in (CONFIG, HOME) or of_hook:
            continue
        short = key.removeprefix(PREFIX).lower()
        name = _find_setting(short)
        if name is None:
            nearest = suggest_nearest(key, [CONFIG, HOME, *(PREFIX + each.upper() for each in FIELDS)])
            problems.add(SettingsError(f"The environment sets {key}, which is no setting.{nearest}"))
            continue
        if short != name and PREFIX + name.upper() in environ:
            both = f"{PREFIX}{name.upper()} and {key}"
            problems.add(SettingsError(f"The environment sets both {both}. Keep one."))
            continue
        with problems.catch():
            yield name, GivenValue(environ[key] if short == name else _read_secret(environ[key], key), key)


def _find_setting(key: str) -> str | None:
    """Return the setting that *key* sets: its own name, or that of a secret with `_file` after it."""
    if key in FIELDS:
        return key
    secret = key.removesuffix("_file")
    return secret if secret != key and secret in SECRETS else None


def _read_secret(name: Any, origin: str) -> str:
    """Return the content of the file called *name*. Raises SettingsError, which never quotes the content."""
    if not isinstance(name, str):
        raise SettingsError(f"{origin} must be the name of a file.")
    try:
        # Editors end a file with a line break. A blank at the end may be part of a password.
        return read_text(Path(name).expanduser()).rstrip("\r\n")
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(getattr(error, "strerror", error)).rstrip(".")
        raise SettingsError(f"{origin}: the file {name} cannot be read: {reason}.") from error


def _check_names(tables: Mapping[str, Any], kind: str, file: SettingsFile) -> None:
    """Refuse names of calendars or accounts that people cannot tell apart, or that fit into no address or file name."""
    article = "an" if kind == ACCOUNTS else "a"
    folded: dict[str, str] = {}
    for name in tables:
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"{file.locate(kind, name)}: {article} {kind} cannot be called {name!r}. "
                "Use up to 64 letters, digits, blanks, . _ and -."
            )
        if other := folded.get(name.casefold()):
            raise SettingsError(f"{file.locate(kind, name)}: {name} and {other} differ only in capitals.")
        folded[name.casefold()] = name


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
    tables = [file.tables, *file.tables.get(ACCOUNTS, {}).values()]
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
        for name in sorted(OF_ACCOUNTS, key=list(FIELDS).index) if account else ():
            if base.find_origin(name) != resolved.accounts[""].find_origin(name):
                yield ShownSetting("", name, _mask_value(base.settings, name), base.find_origin(name), account)
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
