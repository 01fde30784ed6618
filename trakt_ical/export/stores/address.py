"""Addresses of buckets, `s3://bucket/secret/Trakt.ics`: what is one, what is wrong with one, and how people see it.

The path is the secret of the calendar: in a bucket that the public may read, who knows it reads the calendar.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

SCHEMES = ("s3", "gs", "az")
"""Amazon S3 and all that speak its protocol, Google Cloud Storage, Azure Blob Storage."""

PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
"""How the names of the variables begin that give keys and servers."""

ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT")
"""The variables that name another server than the cloud's own."""

_ADDRESS = re.compile(r"(\w[\w+.-]+)://(.*)", re.DOTALL)  # more letters than one: C:// is a drive
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")  # Google allows 222 letters, the others 63


def is_bucket_address(output: str) -> bool:
    """Whether *output* is the address of an object in a bucket, and no file."""
    return output.partition("://")[0] in SCHEMES and "://" in output


def split_address(address: str) -> tuple[str, str, str]:
    """Return scheme, bucket and path of *address*."""
    scheme, _, rest = address.partition("://")
    bucket, _, path = rest.partition("/")
    return scheme, bucket, path


def hide_path(output: str) -> str:
    """Return *output* for people: of the path in a bucket the last part alone, and only if another part is secret."""
    if not is_bucket_address(output):
        return output
    scheme, bucket, path = split_address(output)
    bucket = bucket.rpartition("@")[2]
    folder, _, name = path.rpartition("/")
    return f"{scheme}://{bucket}/…/{name}" if folder else f"{scheme}://{bucket}/…" if path else f"{scheme}://{bucket}"


def check_address(output: str) -> str | None:
    """Return what is wrong with *output* as an address, None where nothing is or where it is a file."""
    found = _ADDRESS.fullmatch(output)
    if found is None:
        return None
    if found[1] not in SCHEMES:
        schemes = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        return f"cannot be an address that begins with {found[1]}://. It is a file, or begins with {schemes}."
    scheme, bucket, path = split_address(output)
    if "@" in bucket:
        return "holds a key before its @. Give keys in the environment, such as AWS_ACCESS_KEY_ID."
    if not _BUCKET.fullmatch(bucket):
        return f"names no bucket. Write it like {scheme}://my-bucket/{_make_path()}."
    if not path.strip("/"):
        return f"names a bucket, but nothing in it. A secret path made for you: {scheme}://{bucket}/{_make_path()}"
    if any(part in ("", ".", "..") for part in path.split("/")) or re.search(r"[?#%\\]", path):
        return "has a path that browsers would change. Use letters, digits, - and _ between single slashes."
    return None


def complete_address(output: str) -> str:
    """Return *output*, with a secret path made for it where it names a bucket and nothing in it."""
    scheme, bucket, path = split_address(output)
    if not is_bucket_address(output) or path.strip("/") or not _BUCKET.fullmatch(bucket):
        return output
    return f"{scheme}://{bucket}/{_make_path()}"


def find_plain_endpoint(output: str, environ: Mapping[str, str]) -> str | None:
    """Return the variable by which *output* in a bucket is reached without encryption, None where there is none."""
    if not is_bucket_address(output):
        return None
    prefix = PREFIXES[output.partition("://")[0]]
    return next((name for name in ENDPOINTS if name.startswith(prefix) and _is_plain(environ.get(name, ""))), None)


def find_object_url(output: str, environ: Mapping[str, str]) -> str:
    """Return the store's own address of the object *output*, at which the public may read it or not."""
    scheme, bucket, path = split_address(output)
    return f"{_find_server(scheme, environ)}/{bucket}/{path}"


def find_listing_url(output: str, environ: Mapping[str, str]) -> str:
    """Return the address that lists the bucket of *output*, where the public may do that."""
    scheme, bucket, _ = split_address(output)
    query = "restype=container&comp=list" if scheme == "az" else "list-type=2"
    return f"{_find_server(scheme, environ)}/{bucket}?{query}"


def _find_server(scheme: str, environ: Mapping[str, str]) -> str:
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    own = {
        "s3": f"https://s3.{region}.amazonaws.com",
        "gs": "https://storage.googleapis.com",
        "az": f"https://{environ.get('AZURE_STORAGE_ACCOUNT_NAME', '')}.blob.core.windows.net",
    }[scheme]
    named = [url for name in ENDPOINTS if name.startswith(PREFIXES[scheme]) and (url := environ.get(name))]
    return (named[0] if named else own).rstrip("/")


def _is_plain(url: str) -> bool:
    return url.lower().startswith("http://")


@functools.cache  # one value may be checked several times in a run, which reports it once
def _make_path() -> str:
    import secrets  # takes 2 ms, and only errors need it

    return f"{secrets.token_hex(16)}/Trakt.ics"
