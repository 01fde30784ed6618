"""What the built-in Trakt remembers in its file, and who else may read it."""

import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.demos import Demo, make_headers

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HARBOR = {"show": {"ids": {"slug": "harbor-nine"}}, "episode": {"season": 13, "number": 4}}


def get(trakt: Demo, token: str, path: str) -> requests.Response:
    """Ask as a program that is logged in."""
    return requests.get(trakt.url + path, headers=make_headers(trakt, token), timeout=60)


def check_in(trakt: Demo, token: str) -> int:
    """The status of a check-in."""
    url = f"{trakt.url}/checkin"
    return requests.post(url, json=HARBOR, headers=make_headers(trakt, token), timeout=60).status_code


def open_demo(path: Path, now: datetime = NOW) -> Demo:
    """A demo that keeps its state in *path*."""
    return Demo(state_file=path, now=lambda: now)


def test_a_demo_remembers(tmp_path: Path) -> None:
    """Tokens, the running check-in, hidden and listed shows and what was watched outlive the demo."""
    path = tmp_path / "demo" / "state.json"
    with open_demo(path) as first:
        assert first.fresh
        token = first.grant()["access_token"]
        assert check_in(first, token) == 201
        first.hide("lava-line")
        first.add_to_watchlist("cold-platform")
        first.unwatch("harbor-nine", 1, 1)
    with open_demo(path, NOW + timedelta(minutes=10)) as second:
        assert not second.fresh
        assert get(second, token, "/users/me/watching").json()["episode"]["number"] == 4
        assert "lava-line" in get(second, token, "/users/hidden/calendar?limit=50").text
        assert "cold-platform" in get(second, token, "/users/me/watchlist/shows/rank/asc").text
    with open_demo(path, NOW + timedelta(hours=2)) as third:
        assert get(third, token, "/users/me/watching").status_code == 204
        progress = get(third, token, "/shows/harbor-nine/progress/watched").json()
        assert progress["last_episode"]["number"] == 4
        assert not progress["seasons"][0]["episodes"][0]["completed"]


def test_two_demos_share_one_file(tmp_path: Path) -> None:
    """What one demo is told, another with the same file knows at once."""
    path = tmp_path / "state.json"
    with open_demo(path) as one, open_demo(path) as other:
        token = other.grant()["access_token"]
        assert check_in(one, token) == 201
        assert check_in(other, token) == 409
        one.expire_tokens()
        assert get(other, token, "/users/settings").status_code == 401


@pytest.mark.skipif(sys.platform == "win32", reason="no modes")
def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file has mode 0600 and nothing is left beside it."""
    path = tmp_path / "state.json"
    with open_demo(path) as trakt:
        trakt.grant()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["state.json"]
        assert json.loads(path.read_text("utf-8"))["tokens"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"tokens": 5}', '{"tokens": [], "check_in": null, "x": 1}'])
def test_a_damaged_file_is_replaced(tmp_path: Path, damage: str) -> None:
    """A file that cannot be read is as good as none."""
    path = tmp_path / "state.json"
    path.write_text(damage, "utf-8")
    with open_demo(path) as trakt:
        assert not trakt.fresh
        assert get(trakt, trakt.grant()["access_token"], "/users/settings").status_code == 200
    assert json.loads(path.read_text("utf-8"))["tokens"]


def test_a_demo_without_a_file_is_always_fresh() -> None:
    """Nothing is kept unless a file is named."""
    with Demo() as trakt:
        assert trakt.fresh
