"""The demo's own requests under /demo: what Python code can tell it, told by HTTP."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Seen, json_answer
from trakt_ical.demo.faults import Fault, Faults
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.world import World


class Control:
    """Faults, changes, expiry and a look at what came in."""

    def __init__(self, world: World, faults: Faults, requests: Callable[[], list[Seen]]) -> None:
        self._world = world
        self._faults = faults
        self._requests = requests
        self._routes: dict[tuple[str, str], Callable[[Seen], Any]] = {
            ("POST", "/demo/faults"): self._arm,
            ("DELETE", "/demo/faults"): self._clear,
            ("POST", "/demo/changes"): self._change,
            ("POST", "/demo/expire"): self._expire,
            ("GET", "/demo/requests"): self._list,
            ("GET", "/demo/shared"): lambda seen: self._world.history.shared(),
        }

    def answer(self, seen: Seen) -> Answer:
        """Do what is asked; 400 says in words what could not be understood."""
        ask = self._routes.get((seen.method, seen.path))
        if ask is None:
            return json_answer({"error": "no such request", "known": self._known()}, 404)
        try:
            return json_answer(ask(seen))
        except (ValueError, TypeError, LookupError) as error:
            return json_answer({"error": str(error)}, 400)

    def _known(self) -> list[str]:
        return [" ".join(route) for route in self._routes]

    def _arm(self, seen: Seen) -> dict[str, int]:
        described = seen.json()
        listed = described if isinstance(described, list) else [described]
        faults = [Fault.read(each) for each in listed]
        self._faults.arm(*faults)
        return {"armed": len(faults)}

    def _clear(self, _seen: Seen) -> dict[str, int]:
        self._faults.clear()
        return {}

    def _expire(self, _seen: Seen) -> dict[str, int]:
        self._world.tokens.expire()
        return {}

    def _list(self, _seen: Seen) -> list[dict[str, Any]]:
        return [
            {
                "method": each.method,
                "path": each.path,
                "query": dict(each.query),
                "headers": dict(each.headers),
                "body": each.body.decode("utf-8", "replace"),
            }
            for each in self._requests()
        ]

    def _change(self, seen: Seen) -> dict[str, str]:
        change: Mapping[str, Any] = seen.json()
        kind = change["change"]
        match kind:
            case "hide":
                self._world.hide(change["show"], change.get("section", "calendar"))
            case "unhide":
                self._world.unhide(change["show"])
            case "protect":
                self._world.protected = bool(change.get("protected", True))
            case "watch":
                self._world.history.watch(self._watchable(change))
            case "unwatch":
                self._world.history.unwatch(self._watchable(change))
            case "watchlist":
                self._world.watchlist.add(self._named(change))
            case "unwatchlist":
                self._world.watchlist.remove(self._named(change))
            case _:
                self._change_episode(kind, change)
        return {"changed": kind}

    def _watchable(self, change: Mapping[str, Any]) -> Movie | Airing:
        named = self._named(change)
        if isinstance(named, Show):
            raise ValueError("Name a season and a number as well.")
        return named

    def _named(self, change: Mapping[str, Any]) -> Show | Movie | Airing:
        """The movie, the episode or the whole show that a change is about."""
        if "movie" in change:
            return self._world.movie(change["movie"])
        if "season" in change:
            return self._world.airing(change["show"], int(change["season"]), int(change["number"]))
        if "show" not in change:
            raise ValueError("Name a show or a movie.")
        return self._world.show(change["show"])

    def _change_episode(self, kind: str, change: Mapping[str, Any]) -> None:
        catalogue = self._world.catalogue
        key = str(change["show"]), int(change["season"]), int(change["number"])
        match kind:
            case "move":
                catalogue.move(key, timedelta(minutes=change["minutes"]))
            case "rename":
                catalogue.rename(key, str(change["title"]))
            case "remove":
                catalogue.remove(key)
            case "restore":
                catalogue.restore(key)
            case _:
                raise ValueError(f"There is no change {kind}.")
