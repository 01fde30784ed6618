"""What programs send to the built-in Trakt in tests of itself."""

from __future__ import annotations

from trakt_ical.demo import Demo


def headers(trakt: Demo, token: str = "") -> dict[str, str]:
    """What API v2 requires of every request; without a *token*, with a new one."""
    return {
        "Authorization": f"Bearer {token or trakt.grant()['access_token']}",
        "trakt-api-key": trakt.client_id,
        "trakt-api-version": "2",
    }
