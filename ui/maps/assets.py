"""Files made in memory and served under the hash of their content.

A session publishes what its map needs; the route (outside every session) finds it by
hash alone. An asset lives as long as someone holds it: when the feed that published
it leaves the cache, so do its bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from weakref import WeakValueDictionary

ROUTE = "map-data"
STATIC_FOLDER = Path(__file__).parent / "static"
DIGEST_LENGTH = 32

_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


class Asset:
    """One file to serve: made on the first request, then kept compressed.

    ``audience`` names who alone is served it; empty for everybody. ``study`` is the study made
    in the browser that it is of: who may not open that is not served it.
    """

    def __init__(
        self,
        name: str,
        digest: str,
        make: Callable[[], bytes],
        *,
        audience: str = "",
        study: str = "",
    ) -> None:
        self.name = name
        self.digest = digest
        self.audience = audience
        self.study = study
        self._make = make
        self._lock = threading.Lock()

    @property
    def path(self) -> str:
        """Where it is served, below the base address; no leading slash."""
        return f"{ROUTE}/{self.digest}/{self.name}"

    @property
    def is_public(self) -> bool:
        """Whether everybody is served it."""
        return not self.audience and not self.study

    @property
    def media_type(self) -> str:
        """The content type, from the ending."""
        ending = Path(self.name).suffix
        return _TYPES.get(ending) or mimetypes.guess_type(self.name)[0] or "text/plain"

    @cached_property
    def _compressed(self) -> bytes:
        return gzip.compress(self._make(), compresslevel=6, mtime=0)

    @property
    def compressed(self) -> bytes:
        """The gzipped bytes, made once however many ask at once."""
        with self._lock:
            return self._compressed

    @property
    def body(self) -> bytes:
        """The bytes as they are."""
        return gzip.decompress(self.compressed)


class AssetStore:
    """All assets that are alive, by digest and name."""

    def __init__(self) -> None:
        self._assets: WeakValueDictionary[str, Asset] = WeakValueDictionary()
        self._lock = threading.Lock()

    def publish(
        self,
        name: str,
        *,
        made_of: Iterable[bytes],
        make: Callable[[], bytes],
        audience: str = "",
        study: str = "",
    ) -> Asset:
        """An asset to hold on to; the same content always has the same address.

        One with an ``audience`` is served to it alone, one of a ``study`` to those who may open
        that; either has an address of its own.
        """
        hasher = hashlib.sha256("\0".join((name, audience, *filter(None, [study]))).encode())
        for piece in made_of:
            hasher.update(len(piece).to_bytes(8, "big"))
            hasher.update(piece)
        digest = hasher.hexdigest()[:DIGEST_LENGTH]
        return self._keep(Asset(name, digest, make, audience=audience, study=study))

    def publish_files(self, files: Mapping[str, bytes]) -> dict[str, Asset]:
        """Files that name each other by relative paths: one digest for all of them."""
        hasher = hashlib.sha256()
        for name, body in sorted(files.items()):
            hasher.update(name.encode() + b"\0" + len(body).to_bytes(8, "big") + body)
        digest = hasher.hexdigest()[:DIGEST_LENGTH]
        return {
            name: self._keep(Asset(name, digest, lambda body=body: body))  # type: ignore[misc]  # a default binds the loop's value
            for name, body in files.items()
        }

    def find(self, digest: str, name: str) -> Asset | None:
        """The asset with this digest and name, or None."""
        with self._lock:
            return self._assets.get(f"{digest}/{name}")

    def _keep(self, asset: Asset) -> Asset:
        with self._lock:
            return self._assets.setdefault(f"{asset.digest}/{asset.name}", asset)


@cache
def asset_store() -> AssetStore:
    """The store of this process, shared by the sessions and the route."""
    return AssetStore()


@cache
def program_files() -> Mapping[str, Asset]:
    """Leaflet and our own script, published once for the life of the process."""
    store = asset_store()
    own = {path.name: path.read_bytes() for path in sorted(STATIC_FOLDER.iterdir())}
    return {**store.publish_files(package_files("xstatic-leaflet")), **store.publish_files(own)}


def package_files(distribution: str) -> dict[str, bytes]:
    """The files in the ``data`` folder of an xstatic package, by path below that folder.

    Source maps and unminified copies stay out.
    """
    found = {}
    for entry in metadata.files(distribution) or ():
        _, data, name = entry.as_posix().partition("/data/")
        if data and not name.endswith(".map") and "-src" not in name:
            found[name] = entry.read_binary()
    return found
