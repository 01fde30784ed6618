"""What programs send to the built-in Trakt in tests of itself, and what the contract of API v2 says of it."""

from __future__ import annotations

from typing import Any

from trakt_ical.demo import Demo


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
