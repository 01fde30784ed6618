"""The requests under /demo, for faults, changes and the account's export; `docs/demo.md` describes them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from trakt_ical.demo.account import Backend
from trakt_ical.demo.airings import Airing
from trakt_ical.demo.auth import USERNAME
from trakt_ical.demo.cast import MOVIES, Movie, Show
from trakt_ical.demo.export_zip import make_export
from trakt_ical.demo.faults import Fault, Faults
from trakt_ical.demo.messages import JSON, Answer, Request, make_json


class Control:
    """Faults, changes, expiry, a look at what came in, and the account's export."""

    def __init__(self, backend: Backend, faults: Faults, requests: Sequence[Request]) -> None:
        self._backend = backend
        self._faults = faults
        self._requests = requests
        self._routes: dict[tuple[str, str], Callable[[Request], object]] = {
            ("POST", "/demo/faults"): self._add_faults,
            ("DELETE", "/demo/faults"): lambda _request: faults.clear(),
            ("POST", "/demo/changes"): self._change,
            ("POST", "/demo/expire"): lambda _request: backend.auth.expire_tokens(),
            ("POST", "/demo/logins"): self._enter_code,
            ("GET", "/demo/requests"): self._list_requests,
            ("GET", "/demo/export"): self._make_export,
        }

    def answer(self, request: Request) -> Answer:
        """Do what is asked; 400 says in words what could not be understood."""
        act = self._routes.get((request.method, request.path))
        if act is None:
            return make_json({"error": "no such request"}, 404)
        try:
            done = act(request)
            return done if isinstance(done, Answer) else make_json({} if done is None else done)
        except (ValueError, TypeError, LookupError) as error:
            return make_json({"error": str(error)}, 400)

    def _add_faults(self, request: Request) -> JSON:
        described = request.json()
        faults = [Fault.read(each) for each in (described if isinstance(described, list) else [described])]
        self._faults.add(*faults)
        return {"added": len(faults)}

    def _enter_code(self, request: Request) -> JSON:
        login: Mapping[str, Any] = request.json()
        allow, user = login.get("allow", True), login.get("user", USERNAME)
        if not self._backend.auth.decide(login["code"], allow=allow, username=user):
            raise LookupError(f"No login waits for the code {login['code']}, or there is no user {user}.")
        return {"user": user, "allowed": allow}

    def _make_export(self, request: Request) -> Answer:
        return make_export(self._backend.choose(request.query.get("user", USERNAME)))

    def _list_requests(self, _request: Request) -> list[JSON]:
        return [
            {**vars(each), "headers": dict(each.headers), "body": each.body.decode("utf-8", "replace")}
            for each in self._requests
        ]

    def _change(self, request: Request) -> JSON:
        change: Mapping[str, Any] = request.json()
        kind, name, catalogue = change["change"], _read_name(change), self._backend.catalogue
        match kind:
            case "move":
                catalogue.change(name, by=timedelta(minutes=change["minutes"]))
            case "rename":
                catalogue.change(name, title=str(change["title"]))
            case "remove":
                catalogue.change(name, is_removed=True)
            case "restore":
                catalogue.restore(name)
            case _:
                self._change_account(kind, catalogue.get_named(name), change)
        return {"changed": kind}

    def _change_account(self, kind: str, what: Show | Movie | Airing, change: Mapping[str, Any]) -> None:
        account = self._backend.accounts[change.get("user", USERNAME)]
        match kind, what:
            case "hide", Show():
                account.hide(what, change.get("section", "calendar"))
            case "unhide", Show():
                account.unhide(what)
            case "watch", Movie() | Airing():
                account.watch(what)
            case "unwatch", Movie() | Airing():
                account.unwatch(what)
            case "watchlist", _:
                account.add_to_watchlist(what)
            case "unwatchlist", _:
                account.remove_from_watchlist(what)
            case _:
                raise ValueError(f"There is no change {kind} of {what.name}.")


def _read_name(change: Mapping[str, Any]) -> str:
    """The name of the movie, the episode or the whole show that a change is about."""
    if "movie" in change:
        return f"{MOVIES}{change['movie']}"
    numbers = f"/{int(change['season'])}/{int(change['number'])}" if "season" in change else ""
    return f"{change['show']}{numbers}"
