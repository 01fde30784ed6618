"""Every setting: its name, type, default and meaning."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

KINDS = ("shows", "new", "premieres", "finales", "movies", "streaming", "dvd")
LONGEST = 3660  # days back or ahead
V2_URL = "https://api.trakt.tv"


def _setting(
    default: Any, meaning: str, *, secret: bool = False, choices: tuple[str, ...] = (), least: int = 0, most: int = 0
) -> Any:
    facts = {"help": meaning, "secret": secret, "choices": choices, "least": least, "most": most}
    return field(default=default, repr=not secret, metadata=facts)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is in force. An empty text means: not set."""

    api: str = _setting("v2", "Trakt's API: v2, or v1 for a server that still speaks it.", choices=("v2", "v1"))
    api_url: str = _setting("", f"The server's address; v2's is {V2_URL}.")
    auth_url: str = _setting("https://auth.trakt.tv", "The address that logs in and renews tokens (v2).")
    client_id: str = _setting("", "The Client ID of your app at Trakt (v2).")
    client_secret: str = _setting("", "The app's Client Secret, if it has one (v2).", secret=True)
    api_key: str = _setting("", "Your API key (v1).", secret=True)
    username: str = _setting("", "Your name at Trakt (v1).")
    password: str = _setting("", "Your password (v1); only its SHA1 is sent.", secret=True)
    owner: str = _setting("", "Whose calendar to fetch (v1); yourself if not set.")
    token_file: str = _setting("", "Where the login is kept (v2); in the data folder if not set.")
    plain_http: bool = _setting(False, "Let a password or token travel over plain http to another computer.")
    source: str = _setting("my", "Trakt's calendar: my (needs a login) or all (the world's).", choices=("my", "all"))
    kind: tuple[str, ...] = _setting(("shows",), "What to fetch; several are allowed.", choices=KINDS)
    back: int = _setting(30, "Days before today.", most=LONGEST)
    ahead: int = _setting(90, "Days after today.", most=LONGEST)
    timezone: str = _setting(
        "", "The zone that days are counted in; that of your Trakt account, else of this computer, if not set."
    )
    default_runtime: int = _setting(45, "Minutes that an episode takes where Trakt does not know.", least=1, most=1440)
    spoilers: bool = _setting(True, "Whether events tell the plot.")
    tombstone_days: int = _setting(14, "Days that what is no longer listed stays, cancelled; 0 for none.", most=LONGEST)
    keep_days: int = _setting(180, "Days that what is past stays, once it is out of the range.", most=LONGEST)
    shrink_days: int = _setting(7, "Days until a calendar that lost most of itself is believed.", most=LONGEST)
    max_bytes: int = _setting(1_000_000, "The largest calendar, in octets (Google takes no more); 0 for any.")
    output: str = _setting("trakt.ics", "The file to write; - for standard output.")


FIELDS = {each.name: each for each in dataclasses.fields(Settings)}
SECRETS = frozenset(name for name, each in FIELDS.items() if each.metadata["secret"])
ACCOUNT = frozenset(
    (
        "api_url",
        "auth_url",
        "client_id",
        "client_secret",
        "api_key",
        "username",
        "password",
        "owner",
        "token_file",
        "plain_http",
    )
)
"""Settings that say which account at which server is meant."""
