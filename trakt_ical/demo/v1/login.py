"""Who asks, in API v1: a key in the path, a user name and the SHA1 of a password."""

import base64
import binascii
import hashlib
from typing import Any

from trakt_ical.demo.answer import Answer, Refused, Seen, json_answer
from trakt_ical.demo.world import World


def failure(error: str, status: int, **fields: object) -> Answer:
    """A refusal as API v1 words it."""
    return json_answer({"status": "failure", "error": error, **fields}, status)


def fields_of(seen: Seen) -> dict[str, Any]:
    """The JSON object of a POST; empty when there is none."""
    try:
        fields = seen.json() if seen.body else {}
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def check_reading_key(world: World, key: str) -> None:
    """Refuse a key that is not known."""
    if key not in (world.identity.api_key, world.identity.reading_key):
        raise Refused(failure("invalid API key", 401))


def check_user(world: World, username: str) -> None:
    """Refuse a name that is not the user's."""
    if username != world.identity.username:
        raise Refused(failure("user not found", 404))


def check_developer_key(world: World, key: str) -> None:
    """Refuse a key that may not check in."""
    if key == world.identity.reading_key:
        raise Refused(failure("invalid development API permission (checkin)", 401))
    if key != world.identity.api_key:
        raise Refused(failure("invalid development API key", 401))


def signed_in(world: World, seen: Seen) -> bool:
    """The request carries the user's name and password; wrong ones are refused."""
    said = _credentials(seen)
    if said is None:
        return False
    digest = hashlib.sha1(world.identity.password.encode(), usedforsecurity=False).hexdigest()
    if said != (world.identity.username, digest):
        raise Refused(failure("failed authentication", 401))
    return True


def _credentials(seen: Seen) -> tuple[str, str] | None:
    scheme, _, code = seen.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(code, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return name, password
    fields = fields_of(seen)
    if "username" in fields or "password" in fields:
        return str(fields.get("username")), str(fields.get("password"))
    return None
