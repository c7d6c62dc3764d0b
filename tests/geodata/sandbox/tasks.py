"""What a process in a sandbox is asked to do in these tests: much of it what it must not do."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from geodata.errors import DataError
from geodata.read import read_table
from tests import tiny

DONE = "done"


@numba.njit(cache=True)
def _tripled(value: float) -> float:
    return value * 3


def tripled_with_cache_at(index: str) -> float:
    """What a kernel gives whose cache has its index there."""
    _tripled._cache._cache_file._index_path = index
    return float(_tripled(2.0))


def filled_with_files(folder: str, count: int, size: int, pause: float) -> str:
    for k in range(count):
        (Path(folder) / f"{k}.bin").write_bytes(bytes(size))
        time.sleep(pause)
    return DONE


def filled_its_own_folder(count: int, size: int, pause: float) -> str:
    return filled_with_files(".", count, size, pause)


def started_threads(count: int, seconds: float) -> int:
    """Starts threads with small stacks, and waits."""
    threading.stack_size(64 * 1024)
    threads = [threading.Thread(target=time.sleep, args=(seconds,)) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return len(threads)


def tried(attempt: Callable[[], object]) -> str:
    """`DONE`, or the name of the error."""
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return DONE


def read(path: str) -> str:
    return tried(Path(path).read_bytes)


def listed(path: str) -> str:
    return tried(lambda: list(Path(path).iterdir()))


def written(path: str) -> str:
    return tried(lambda: Path(path).write_text("mine", "utf-8"))


def made_link(path: str, target: str) -> str:
    return tried(lambda: Path(path).symlink_to(target))


def hard_linked(path: str, target: str) -> str:
    return tried(lambda: Path(path).hardlink_to(target))


def mode_changed(path: str) -> str:
    return tried(lambda: Path(path).chmod(0o777))


def time_changed(path: str) -> str:
    return tried(lambda: os.utime(path, (0, 0)))


def variables() -> dict[str, str]:
    return dict(os.environ)


def tcp(port: int) -> str:
    return tried(lambda: socket.create_connection(("127.0.0.1", port), timeout=2).close())


def tcp_listening() -> str:
    return tried(lambda: socket.create_server(("127.0.0.1", 0)).close())


def udp(port: int) -> str:
    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"canary", ("127.0.0.1", port))

    return tried(send)


def looked_up(name: str) -> str:
    return tried(lambda: socket.getaddrinfo(name, 80))


def unix(address: str) -> str:
    def connect() -> None:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(address)

    return tried(connect)


def packets() -> str:
    return tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close())


def executed() -> str:
    return tried(lambda: subprocess.run([sys.executable, "-c", ""], check=True))


def forked() -> str:
    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    return tried(fork)


def signalled(pid: int) -> str:
    return tried(lambda: os.kill(pid, 0))


def limits_of(pid: int) -> str:
    return tried(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE))


def traced(pid: int) -> str:
    ptrace, attach = {"x86_64": 101, "aarch64": 117}[platform.machine()], 16
    return tried(lambda: called(ptrace, attach, pid, 0, 0))


def called(number: int, *arguments: int) -> None:
    """A system call by its number on x86-64."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def system_call(number: int) -> str:
    try:
        called(number, 0, 0, 0, 0)
    except OSError as error:
        return os.strerror(error.errno or 0)
    return DONE


def shared_memory() -> str:
    return tried(lambda: mmap.mmap(-1, 1 << 20).close())


def limit_raised() -> str:
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
    except ValueError:
        return "refused"
    return DONE


def slept(seconds: float) -> float:
    time.sleep(seconds)
    return time.monotonic()


def slept_from(seconds: float) -> tuple[float, float]:
    began = time.monotonic()
    time.sleep(seconds)
    return began, time.monotonic()


def turned(seconds: float) -> str:
    """Keeps a core busy."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return DONE


def stubborn(path: str) -> str:
    """Ignores what may be ignored, tells its number, and stays."""
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(one, signal.SIG_IGN)
    Path(path).write_text(str(os.getpid()), "ascii")
    time.sleep(600)
    return DONE


def held(size: int) -> int:
    return len(bytearray(size))


def filled(path: str, size: int) -> str:
    return tried(lambda: Path(path).write_bytes(bytes(size)))


def answered(size: int) -> np.ndarray:
    return np.ones(size, dtype=np.uint8)


def place() -> tuple[str, str]:
    """The working folder, and the size of a file made in it and of one in the usual place."""
    import tempfile  # noqa: PLC0415  # as a library would, at the time

    Path("here").write_bytes(b"x")
    with tempfile.NamedTemporaryFile() as file:
        return str(Path.cwd()), str(Path(file.name).parent)


def in_step(steps: int, progress: Callable[[float], None]) -> int:
    for step in range(steps):
        progress(step / steps)
        time.sleep(0.15)
    return steps


def refused(file: str) -> None:
    raise DataError("{file} is odd", file=file)


def failed() -> None:
    raise RuntimeError("nobody \x1b[31mforesaw")


@dataclass(frozen=True)
class Undeclared:
    path: str


@dataclass(frozen=True)
class Declared:
    path: Path
    table: pd.DataFrame
    again: pd.DataFrame


def undeclared() -> object:
    return Undeclared("/etc/passwd")


def declared(path: Path) -> tuple[Declared, ...]:
    table = tiny.villages()
    return (Declared(path=path, table=table, again=table),)


def in_threads_of_arrow(count: int) -> int:
    table = pa.table({"a": np.arange(count) % 7, "b": np.arange(count)})
    return int(table.group_by("a", use_threads=True).aggregate([("b", "sum")]).num_rows)


def in_threads_of_blas(size: int) -> float:
    return float((np.ones((size, size)) @ np.ones((size, size))).sum())


@numba.njit(cache=True, parallel=True)  # type: ignore[untyped-decorator]  # numba's are
def _sum_of_squares(count: int) -> int:
    total = 0
    for k in numba.prange(count):
        total += k * k
    return total


def by_kernel(count: int) -> int:
    """By a kernel that has to be compiled here, and whose threads start here."""
    return int(_sum_of_squares(count))


def by_gdal(path: Path) -> int:
    return len(read_table(path))


def held_and_slept(size: int, seconds: float) -> int:
    """Memory that is shared, which no limit of the system counts."""
    with mmap.mmap(-1, size) as room:
        for at in range(0, size, mmap.PAGESIZE):
            room[at] = 1
        time.sleep(seconds)
        return len(room)


def parent() -> int:
    return os.getppid()


def meddled(noise: bytes) -> str:
    """Writes into every pipe there is."""
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, noise)
    return DONE


def capabilities() -> int:
    """What this process may beyond other users, as bits."""
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capget(head, data):
        raise OSError(ctypes.get_errno(), "capget")
    return data[0] | data[1] | data[3] << 32 | data[4] << 32
