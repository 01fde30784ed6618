"""Logging in: the device flow, tokens, and the page where a person allows it."""

from html import escape
from typing import Any
from urllib.parse import parse_qs

from trakt_ical.demo.answer import Answer, Refused, Seen, empty_answer, json_answer, page
from trakt_ical.demo.world import World

EXPIRES_IN = 600  # seconds; `devices.LIFE` as the answer says it


def start_device(world: World, seen: Seen) -> Answer:
    """Answer `POST /oauth/device/code`."""
    _application(world, _fields(seen))
    device = world.devices.start()
    return json_answer(
        {
            "device_code": device.device_code,
            "user_code": device.user_code,
            "verification_url": f"{world.url}/activate",
            "expires_in": EXPIRES_IN,
            "interval": world.devices.interval,
        }
    )


def poll_device(world: World, seen: Seen) -> Answer:
    """Answer `POST /oauth/device/token`: anything but success has an empty body."""
    fields = _fields(seen)
    _application(world, fields)
    status = world.devices.poll(str(fields.get("code")))
    if status != 200:
        return empty_answer(status)
    return json_answer(world.tokens.grant())


def renew_token(world: World, seen: Seen) -> Answer:
    """Answer `POST /oauth/token`, for `refresh_token` only: nobody logs in by redirect here."""
    fields = _fields(seen)
    _application(world, fields)
    if fields.get("grant_type") != "refresh_token":
        return _error("unsupported_grant_type", "only refresh_token is known here")
    token = world.tokens.renew(str(fields.get("refresh_token")))
    return _error("invalid_grant", "session not found") if token is None else json_answer(token)


def revoke_token(world: World, seen: Seen) -> Answer:
    """Answer `POST /oauth/revoke`: an unknown token is no error."""
    fields = _fields(seen)
    _application(world, fields)
    world.tokens.revoke(str(fields.get("token")))
    return json_answer({})


def show_activation(world: World, seen: Seen) -> Answer:
    """Answer `GET /activate`."""
    code = escape(seen.query.get("code", ""), quote=True)
    return page(
        "Allow this application?",
        f"<p>The code your program shows, for the account <b>{world.identity.username}</b>:</p>"
        '<form method="post" action="/activate">'
        f'<p><label>Code <input name="code" value="{code}" autocomplete="off" required></label></p>'
        '<p><button name="choice" value="allow">Allow</button> '
        '<button name="choice" value="deny">Deny</button></p></form>',
    )


def activate(world: World, seen: Seen) -> Answer:
    """Answer `POST /activate`, sent by the form of `show_activation`."""
    fields = parse_qs(seen.body.decode("utf-8", "replace"))
    code, choice = fields.get("code", [""])[0], fields.get("choice", [""])[0]
    if choice not in ("allow", "deny"):
        return page("Neither allowed nor denied", '<p><a href="/activate">Back</a></p>', 400)
    if not world.devices.decide(code, allowed=choice == "allow"):
        again = "<p>It is unknown, answered or too old.</p><p><a href='/activate'>Try again</a></p>"
        return page("This code is not waiting", again, 404)
    done = "Allowed" if choice == "allow" else "Denied"
    return page(done, "<p>You can close this page and go back to your program.</p>")


def _fields(seen: Seen) -> dict[str, Any]:
    if "json" not in seen.headers.get("Content-Type", ""):
        raise Refused(empty_answer(412))
    try:
        fields = seen.json()
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refused(_error("invalid_request", "the body is not a JSON object"))
    return fields


def _application(world: World, fields: dict[str, Any]) -> None:
    if not fields.get("client_id"):
        raise Refused(_error("invalid_client", "client_id is required"))
    secret = fields.get("client_secret")
    known = fields["client_id"] == world.identity.client_id
    if not known or (secret and secret != world.identity.client_secret):
        raise Refused(_error("invalid_client", "unknown client", status=401))


def _error(error: str, description: str, status: int = 400) -> Answer:
    return json_answer({"error": error, "error_description": description}, status)
