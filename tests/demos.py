"""How programs reach the built-in Trakt: settings, a login, headers; and what the contract of API v2 says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from trakt_ical.demo import Demo
from trakt_ical.trakt.token import Token, TokenFile


def make_environ(demo: Demo) -> dict[str, str]:
    """Return the variables of the environment that set the account of *demo*."""
    account = {
        "API_URL": demo.url,
        "AUTH_URL": demo.url,
        "CLIENT_ID": demo.client_id,
        "CLIENT_SECRET": demo.client_secret,
        "API_KEY": demo.api_key,
        "USERNAME": demo.username,
        "PASSWORD": demo.password,
    }
    return {f"TRAKT_ICAL_{name}": value for name, value in account.items()}


def log_in(demo: Demo, token_file: Path) -> None:
    """Save a new login at *demo*."""
    token = msgspec.convert(demo.grant(), Token)
    TokenFile(token_file).save(msgspec.structs.replace(token, username=demo.username))


def headers(trakt: Demo, token: str = "") -> dict[str, str]:
    """What API v2 requires of every request; without a *token*, with a new one."""
    return {
        "Authorization": f"Bearer {token or trakt.grant()['access_token']}",
        "trakt-api-key": trakt.client_id,
        "trakt-api-version": "2",
    }


def json_schema(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema; properties that it does not name are refused.

    `oneOf` is read as `anyOf`: in the answer to a check-in all that tells the alternatives apart is
    optional, so that every answer fits both.
    """
    if isinstance(schema, list):
        return [json_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: json_schema(part) for name, part in schema.items() if name not in ("nullable", "oneOf")}
    if "oneOf" in schema:
        plain["anyOf"] = json_schema(schema["oneOf"])
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain
