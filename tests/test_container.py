"""The image of samples/container: built, then run as docs/container.md tells people to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.demos import Demo
from tests.ports import find_port

TOP = Path(__file__).resolve().parents[1]
WAIT = 120  # seconds for a container to become healthy
# What a container engine does where the root is read-only: mounts, then the image's user, working folder, command.
ENTER = """
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
mount --bind "$VOLUME" "$ROOT/data"
mount -o remount,bind,ro "$ROOT"
exec chroot --userspec "$USER" --groups "" "$ROOT" sh -c 'cd "$0" && exec env -i "$@"' "$0" "$@"
"""


@dataclass(frozen=True)
class Container:
    """A container of the image whose files are in *root*, with *volume* as /data; it runs as *user*."""

    root: Path
    config: Mapping[str, Any]
    volume: Path
    environ: Mapping[str, str]
    user: str

    def start(self, *words: str, entrypoint: Sequence[str] | None = None) -> subprocess.Popen[str]:
        """Start the image's program with *words*, without any with those of the image, as the first process."""
        program = self.config["Entrypoint"] if entrypoint is None else entrypoint
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in self.environ.items())]
        command = [self.config["WorkingDir"], *variables, *program, *(words or self.config["Cmd"])]
        return subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", ENTER, *command],
            env={**os.environ, "ROOT": str(self.root), "VOLUME": str(self.volume), "USER": self.user},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, entrypoint: Sequence[str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the image's program, or *entrypoint*, with *words* to its end."""
        process = self.start(*words, entrypoint=entrypoint)
        output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    def wait_until_healthy(self) -> None:
        """Wait until the image's own health check succeeds."""
        check = self.config["Healthcheck"]["Test"]
        assert check[0] == "CMD"
        end = time.monotonic() + WAIT
        while self.run(*check[2:], entrypoint=check[1:2]).returncode != 0:
            assert time.monotonic() < end, "the container did not become healthy"
            time.sleep(0.2)


def stop(process: subprocess.Popen[str]) -> int:
    """Ask the first process of a container to end, as `podman stop` does, and return its status."""
    [first] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(first), signal.SIGTERM)
    process.communicate(timeout=60)
    return process.returncode


@pytest.fixture
def image(tmp_path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The folder of the built image's files, and its configuration."""
    base = os.environ.get("CONTAINER_BASE")
    if not base or shutil.which("buildah") is None or os.geteuid() != 0:
        pytest.skip("needs root, buildah, and CONTAINER_BASE=FILE.tar with a Debian that has Python: see .ci/run")
    storage = ("--root", str(tmp_path / "storage"), "--runroot", str(tmp_path / "run"))

    def buildah(*words: str) -> str:
        result = subprocess.run(["buildah", *storage, *words], cwd=TOP, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    scratch = buildah("from", "scratch")
    buildah("add", scratch, base, "/")
    buildah("commit", "--rm", scratch, "localhost/python")
    arguments = (
        "--format",
        "docker",
        "--build-arg",
        "PYTHON=localhost/python",
        "-f",
        "samples/container/Containerfile",
    )
    buildah("bud", "--isolation", "chroot", *arguments, "-t", "trakt-ical", ".")
    config = json.loads(buildah("inspect", "--type", "image", "trakt-ical"))["Docker"]["config"]
    try:
        yield Path(buildah("mount", buildah("from", "trakt-ical"))), config
    finally:
        buildah("umount", "--all")
        shutil.rmtree(tmp_path / "storage")


def make_volume(root: Path, folder: Path, user: str | None = None) -> Path:
    """Make a volume as engines do: with owner and mode of the image's own folder, or for another *user*."""
    volume, own = folder / f"volume-{user}", (root / "data").stat()
    volume.mkdir()
    volume.chmod(own.st_mode & 0o777)
    os.chown(volume, *((own.st_uid, own.st_gid) if user is None else map(int, user.split(":"))))
    return volume


def log_in(container: Container, demo: Demo) -> None:
    """Log in as people do: read the code that the container shows, and allow it at Trakt."""
    process, code = start_login(container)
    demo.approve(code)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def start_login(container: Container) -> tuple[subprocess.Popen[str], str]:
    """Start a login and return it with its code."""
    process = container.start("login")
    assert process.stderr is not None
    return process, next(line.split()[1] for line in process.stderr if line.startswith("Enter"))


def test_the_image_works_as_its_page_says(image: tuple[Path, Mapping[str, Any]], tmp_path: Path) -> None:
    """As a user without a name and with a read-only root, it logs in, exports, serves, and survives a restart."""
    root, config = image
    volume = make_volume(root, tmp_path)
    own = Container(root, config, volume, {"TRAKT_ICAL_LISTEN": f"127.0.0.1:{find_port()}"}, config["User"])
    assert "TRAKT_ICAL_LISTEN=0.0.0.0:8642" in config["Env"]  # in a container, loopback is nobody else's
    assert own.run("-un", entrypoint=["id"]).returncode != 0
    assert "Read-only" in own.run("/x", entrypoint=["touch"]).stderr
    with Demo(now=lambda: datetime.now(UTC)) as demo:
        settings = {"api_url": demo.url, "auth_url": demo.url, "client_id": demo.client_id}
        lines = [f'{name} = "{value}"\n' for name, value in settings.items()]
        (volume / "config.toml").write_text("".join(lines) + f'client_secret = "{demo.client_secret}"\n')
        (volume / "config.toml").chmod(0o644)
        assert own.run("status").returncode == 4
        assert stop(start_login(own)[0]) == 130
        log_in(own, demo)
        exported = own.run("export")
        assert exported.returncode == 0, exported.stderr
        assert (volume / "trakt.ics").stat().st_uid == int(config["User"].split(":")[0])
        served = own.start()
        own.wait_until_healthy()
        address = own.run("feed", "url").stdout.strip()
        before = requests.get(address, timeout=60)
        assert before.content.count(b"BEGIN:VEVENT") > 20
        assert stop(served) == 0
    served = own.start()  # Trakt is down now
    own.wait_until_healthy()
    assert own.run("feed", "url").stdout.strip() == address
    assert requests.get(address, timeout=60).content == before.content
    assert stop(served) == 0
    # Some platforms choose the user themselves.
    other = Container(root, config, make_volume(root, tmp_path, "54321:0"), {}, "54321:0")
    assert other.run("--demo", "export").returncode == 0
    assert (other.volume / "trakt-demo.ics").is_file()
