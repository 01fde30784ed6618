"""What API v2 asks of every request before it looks at what is wanted."""

from trakt_ical.demo.answer import Refused, Seen, cloudflare, empty_answer
from trakt_ical.demo.world import World

WRITES = ("POST", "PUT", "PATCH")


def check_headers(world: World, seen: Seen) -> None:
    """Refuse a request without a name, the version, JSON or a known key."""
    check_name(seen)
    json_sent = "json" in seen.headers.get("Content-Type", "")
    if seen.headers.get("trakt-api-version") != "2" or (seen.method in WRITES and not json_sent):
        raise Refused(empty_answer(412))
    if seen.headers.get("trakt-api-key") != world.identity.client_id:
        raise Refused(empty_answer(403))


def check_name(seen: Seen) -> None:
    """Refuse a request without User-Agent, as Cloudflare does before Trakt sees it."""
    if not seen.headers.get("User-Agent"):
        raise Refused(cloudflare(403))


def check_user(world: World, seen: Seen, name: str) -> None:
    """Refuse a request about another user, or about `me` without a login; no name is one's own."""
    if name == "me":
        check_login(world, seen)
    elif name not in ("", world.identity.username):
        raise Refused(empty_answer(404))


def check_login(world: World, seen: Seen) -> None:
    """Refuse a request without a token that is good."""
    if world.tokens.knows(seen.bearer()):
        return
    reason = "The access token is missing" if seen.bearer() is None else "The access token expired"
    challenge = f'Bearer realm="trakt", error="invalid_token", error_description="{reason}"'
    raise Refused(empty_answer(401, {"WWW-Authenticate": challenge}))
