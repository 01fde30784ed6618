"""The JSON schema of the settings file, by which editors complete names and point to mistakes."""

from __future__ import annotations

from typing import Any

from trakt_ical.config.pushes import MEANINGS, PUSHES
from trakt_ical.config.settings import FIELDS, OF_ACCOUNTS, OF_CALENDARS, SECRETS

_SCALARS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def make_schema() -> dict[str, Any]:
    """Return the schema, in the form that a TOML file has as JSON."""
    top = {name: _describe_setting(name) for name in FIELDS if name not in ("account", PUSHES)}
    top |= {f"{name}_file": _describe_secret_file(name) for name in sorted(SECRETS)}
    calendar = {name: _describe_setting(name) for name in FIELDS if name in OF_CALENDARS}
    account = {name: _describe_setting(name) for name in FIELDS if name in OF_ACCOUNTS}
    account |= {f"{name}_file": _describe_secret_file(name) for name in sorted(SECRETS & OF_ACCOUNTS)}
    tables = {
        "defaults": _make_table(calendar, "Settings that hold for all calendars."),
        "calendar": _make_named(calendar, "A calendar, by its name."),
        "account": _make_named(account, "An account, by its name: who logs in where."),
    }
    values = {name: {"type": "string", "description": meaning} for name, meaning in MEANINGS.items()}
    tables[PUSHES] = _make_named(values, "A calendar on a CalDAV server, by the name of the push.")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of trakt-ical",
        **_make_table(top | tables, "The settings file of trakt-ical."),
    }


def _make_table(properties: dict[str, Any], meaning: str) -> dict[str, Any]:
    return {"type": "object", "description": meaning, "properties": properties, "additionalProperties": False}


def _make_named(properties: dict[str, Any], meaning: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _make_table(properties, meaning)}


def _describe_secret_file(name: str) -> dict[str, Any]:
    return {"type": "string", "description": f"File that holds {name}."}


def _describe_setting(name: str) -> dict[str, Any]:
    """Return what may stand for the setting *name*: its type, choices and limits, and its meaning."""
    field = FIELDS[name]
    facts, default = field.metadata, field.default
    row: dict[str, Any] = {"description": facts["help"]}
    if facts["values"] is not None:
        return row | {"type": "object", "additionalProperties": _describe_scalar(facts["values"], facts)}
    if isinstance(default, tuple):
        entry: dict[str, Any] = (
            {"enum": list(facts["choices"])} if facts["choices"] else {"type": ["string", "integer"]}
        )
        # One value needs no list: `kind = "movies"`.
        return row | {"type": ["array", "string"], "items": entry, "default": list(default)}
    row |= _describe_scalar(type(default), facts)
    return row if default == "" or facts["secret"] else row | {"default": default}


def _describe_scalar(of: type, facts: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"type": _SCALARS[of]}
    if of in (int, float):
        row["minimum"] = facts["least"]
        if facts["most"]:
            row["maximum"] = facts["most"]
    if facts["choices"]:
        row["enum"] = list(facts["choices"])
    return row
