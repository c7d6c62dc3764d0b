"""A folder and sockets that nobody may touch, and whether somebody did.

The kernel tells (inotify) when a file of the folder is opened, by whatever library. Requests to
any host go to a proxy that is one of the sockets, also those for a name that is still to be
looked up.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from tests import tiny

SECRET = "TOPSECRET"  # noqa: S105  # the content of a file that nobody may read
OPENED = 0x20
"""IN_OPEN of inotify(7)."""

PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@dataclass(frozen=True)
class Canary:
    """``folder`` holds secret.csv, .tif, .gpkg and .tab with its parts."""

    folder: Path
    tcp: socket.socket
    udp: socket.socket
    watch: int

    @property
    def address(self) -> str:
        """Where the TCP socket listens."""
        return f"http://127.0.0.1:{self.tcp.getsockname()[1]}"

    @property
    def by_udp(self) -> str:
        """Where the other one waits."""
        return f"tftp://127.0.0.1:{self.udp.getsockname()[1]}"

    def file(self, ending: str) -> Path:
        return self.folder / f"secret.{ending}"

    def forget(self) -> None:
        """Take no notice of what was until now."""
        self.touched()

    def touched(self) -> list[str]:
        """What was opened or asked since the last call."""
        found = [f"opened {name}" for name in _opened(self.watch)]
        while select.select([self.tcp], [], [], 0)[0]:
            self.tcp.accept()[0].close()
            found.append("TCP")
        while select.select([self.udp], [], [], 0)[0]:
            self.udp.recv(4096)
            found.append("UDP")
        return found


def fill(folder: Path) -> None:
    """Files that are worth stealing, one of a kind."""
    folder.mkdir(parents=True)
    (folder / "secret.csv").write_text(f"a,b\n{SECRET},1\n")
    table = tiny.villages()[["village", "geometry"]].assign(village=SECRET)
    table.to_file(folder / "secret.gpkg", layer="o")
    table.to_crs("EPSG:4326").to_file(folder / "secret.tab", driver="MapInfo File")
    with rasterio.open(
        folder / "secret.tif", "w", driver="GTiff", width=30, height=30, count=1, dtype="float32",
        crs=tiny.CRS, transform=rasterio.Affine(100, 0, tiny.X0, 0, -100, tiny.Y0 + 3000),
    ) as target:  # fmt: skip
        target.write(np.full((1, 30, 30), -77.0, "float32"))


@contextmanager
def canaries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    """A canary of each kind for as long as the block lasts."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells who opens a file")
    fill(folder)
    library = ctypes.CDLL(None, use_errno=True)
    watch = library.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0
    assert library.inotify_add_watch(watch, os.fsencode(folder), OPENED) >= 0
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        canary = Canary(folder, tcp, udp, watch)
        for name in PROXIES:
            monkeypatch.setenv(name, canary.address)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setenv("GDAL_HTTP_TIMEOUT", "2")  # nobody answers, and nobody shall wait
        yield canary
    os.close(watch)


def _opened(watch: int) -> Iterator[str]:
    """Names of the files opened; a folder that is listed is no file."""
    while True:
        try:
            told = os.read(watch, 65_536)
        except BlockingIOError:
            return
        at = 0
        while at < len(told):
            _, _, _, size = struct.unpack_from("iIII", told, at)
            name = told[at + 16 : at + 16 + size].rstrip(b"\0").decode()
            at += 16 + size
            if name:
                yield name


def squares() -> gpd.GeoDataFrame:
    """The nine villages, with their names alone."""
    return tiny.villages()[["village", "geometry"]].reset_index(drop=True)
