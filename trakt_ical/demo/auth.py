"""Logging in to the built-in Trakt: the device flow, tokens, and the page where a person allows it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from trakt_ical.demo.messages import JSON, Answer, Refusal, Request, make_empty, make_json, make_page
from trakt_ical.demo.state import State, StateFile, Token

TOKEN_LIFE = timedelta(days=7)
CODE_LIFE = timedelta(minutes=10)
# What the next poll of a login is answered with.
PENDING, ALLOWED, DENIED, USED, EXPIRED, UNKNOWN, TOO_FAST = 400, 200, 418, 409, 410, 404, 429

# Who the users are and which application asks: the same in every run, so that a settings file can name them.
CLIENT_ID = "demo-client-id"
CLIENT_SECRET = "demo-client-secret"  # noqa: S105 - opens nothing but the built-in Trakt
API_KEY = "demo-api-key"  # of API v1, allowed to check in
READING_KEY = "demo-reading-key"  # of API v1, not allowed to
USERNAME = "demo"  # the user of `--demo`; the others are there for households
PASSWORDS = {name: f"{name}-password" for name in (USERNAME, "anna", "ben")}


@dataclass
class Device:
    """One login: the code the program polls with, the code a person types."""

    device_code: str
    user_code: str
    expires_at: datetime
    username: str = USERNAME  # who entered the code
    status: int = PENDING
    polled_at: datetime | None = None


class Auth:
    """Tokens, which the states of the users keep, and logins under way, which live as long as the server."""

    def __init__(self, states: Mapping[str, StateFile], clock: Callable[[], datetime]) -> None:
        self.url = ""  # of the server, known once the port is
        self.interval = timedelta(seconds=5)  # between two polls of a login
        self._states = states
        self._clock = clock
        self._devices: list[Device] = []
        self._lock = Lock()

    def grant_token(self, username: str = USERNAME) -> JSON:
        """A new token of a user, as `POST /oauth/token` answers it."""
        with self._states[username].change() as state:
            return self._grant(state)

    def find_user(self, access_token: str | None) -> str | None:
        """Whose the token is; None where it was not granted here or has expired."""
        now = self._now()
        for username, states in self._states.items():
            if any(each.access_token == access_token and each.expires_at > now for each in states.read().tokens):
                return username
        return None

    def expire_tokens(self) -> None:
        """End the life of every access token; refresh tokens stay good."""
        now = self._now()
        for states in self._states.values():
            with states.change() as state:
                state.tokens = [replace(each, expires_at=min(each.expires_at, now)) for each in state.tokens]

    def decide(self, user_code: str, *, allow: bool, username: str = USERNAME) -> bool:
        """Let a user allow or deny a login; False when no such login is waiting, or there is no such user."""
        if username not in self._states:
            return False
        wanted = user_code.strip().upper().replace("-", "")
        with self._lock:
            for device in self._devices:
                if device.user_code == wanted and device.status == PENDING and self._clock() < device.expires_at:
                    device.status, device.username = ALLOWED if allow else DENIED, username
                    return True
        return False

    def start_device(self, request: Request) -> Answer:
        """Answer `POST /oauth/device/code`."""
        _read_fields(request)
        device = Device(secrets.token_hex(32), secrets.token_hex(4).upper(), self._clock() + CODE_LIFE)
        with self._lock:
            self._devices.append(device)
        codes = {"device_code": device.device_code, "user_code": device.user_code}
        times = {"expires_in": int(CODE_LIFE.total_seconds()), "interval": int(self.interval.total_seconds())}
        return make_json({**codes, **times, "verification_url": f"{self.url}/activate"})

    def poll_device(self, request: Request) -> Answer:
        """Answer `POST /oauth/device/token`: anything but success has an empty body."""
        code = str(_read_fields(request).get("code"))
        with self._lock:
            device = next((each for each in self._devices if each.device_code == code), None)
            status = self._poll(device)
        return make_json(self.grant_token(device.username)) if device and status == ALLOWED else make_empty(status)

    def renew_token(self, request: Request) -> Answer:
        """Answer `POST /oauth/token`, for `refresh_token` only: nobody logs in by redirect here.

        A refresh token works once, as at Trakt; the old access token stays good until it expires.
        """
        fields = _read_fields(request)
        if fields.get("grant_type") != "refresh_token":
            return _make_error("unsupported_grant_type", "only refresh_token is known here")
        for states in self._states.values():
            with states.change() as state:
                for old in state.tokens:
                    if old.refresh_token and old.refresh_token == fields.get("refresh_token"):
                        old.refresh_token = None
                        return make_json(self._grant(state))
        return _make_error("invalid_grant", "session not found")

    def revoke_token(self, request: Request) -> Answer:
        """Answer `POST /oauth/revoke`, by either half of a token: an unknown one is no error."""
        token = _read_fields(request).get("token")
        for states in self._states.values():
            with states.change() as state:
                state.tokens = [each for each in state.tokens if token not in (each.access_token, each.refresh_token)]
        return make_json({})

    def show_activation(self, request: Request) -> Answer:
        """Answer `GET /activate`, or with the code at its end: the form then has it."""
        code = escape(request.path.removeprefix("/activate").strip("/"), quote=True)
        users = "".join(f"<option>{name}</option>" for name in self._states)
        return make_page(
            "Allow this application?",
            "<p>The code your program shows, and who you are:</p>"
            '<form method="post" action="/activate">'
            f'<p><label>User <select name="user">{users}</select></label></p>'
            f'<p><label>Code <input name="code" value="{code}" autocomplete="off" required></label></p>'
            '<p><button name="choice" value="allow">Allow</button> '
            '<button name="choice" value="deny">Deny</button></p></form>',
        )

    def activate(self, request: Request) -> Answer:
        """Answer `POST /activate`, sent by the form of `show_activation`."""
        fields = parse_qs(request.body.decode("utf-8", "replace"))
        code, choice, user = (fields.get(name, [""])[0] for name in ("code", "choice", "user"))
        if not self.decide(code, allow=choice == "allow", username=user or USERNAME):
            again = "<p>It is unknown, answered or too old.</p><p><a href='/activate'>Try again</a></p>"
            return make_page("This code is not waiting", again, 404)
        done = "Allowed" if choice == "allow" else "Denied"
        return make_page(done, "<p>You can close this page and go back to your program.</p>")

    def _poll(self, device: Device | None) -> int:
        """The status that a poll is answered with; ALLOWED only once per login."""
        if device is None:
            return UNKNOWN
        if device.status == USED:
            return USED
        now, polled_at = self._clock(), device.polled_at
        if polled_at is not None and now - polled_at < self.interval:
            return TOO_FAST
        device.polled_at = now
        if now >= device.expires_at:
            return EXPIRED
        status = device.status
        device.status = USED if status == ALLOWED else status
        return status

    def _grant(self, state: State) -> JSON:
        now, life = self._now(), int(TOKEN_LIFE.total_seconds())
        token = Token(secrets.token_hex(32), secrets.token_hex(32), now, now + life)
        # Tokens that can neither be used nor renewed are forgotten here, or the file would grow with every login.
        state.tokens = [each for each in state.tokens if each.refresh_token or each.expires_at > now] + [token]
        halves = {"access_token": token.access_token, "refresh_token": token.refresh_token}
        return {**halves, "token_type": "bearer", "scope": "public", "created_at": now, "expires_in": life}

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _read_fields(request: Request) -> dict[str, Any]:
    """The JSON object of a request that names the application and, if it likes, its secret."""
    if "json" not in request.headers.get("Content-Type", ""):
        raise Refusal(make_empty(412))
    try:
        fields = request.json()
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refusal(_make_error("invalid_request", "the body is not a JSON object"))
    if not fields.get("client_id"):
        raise Refusal(_make_error("invalid_client", "client_id is required"))
    if fields["client_id"] != CLIENT_ID or fields.get("client_secret") not in (None, "", CLIENT_SECRET):
        raise Refusal(_make_error("invalid_client", "unknown client", status=401))
    return fields


def _make_error(error: str, description: str, status: int = 400) -> Answer:
    return make_json({"error": error, "error_description": description}, status)
