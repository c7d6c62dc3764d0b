"""A Dask cluster to measure on: one of this machine's own, or one that runs already."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import dask
import distributed
from distributed import Client, LocalCluster

from geodata.study.cluster.errors import ClusterError
from geodata.study.cluster.versions import versions

REACHED_WITHIN_S = 5.0
"""So long a scheduler may take to answer."""

STARTED_WITHIN_S = 60.0
"""So long a worker of this machine's own may take to start."""

SCHEMES = ("tcp", "tls", "ws", "wss")
ENVIRONMENT, TRIMMING = "distributed.nanny.pre-spawn-environ", "MALLOC_TRIM_THRESHOLD_"
"""Dask starts workers so that every freed array goes back to the system at once: measuring then
takes a fifth longer."""

LARGE_GRAPH = "distributed.admin.large-graph-warning-threshold"


@contextmanager
def connected(
    scheduler: str | None = None, *, workers: int | None = None, quiet: bool = True
) -> Iterator[Client]:
    """A client of the cluster at an address, else of one started here for as long as it lasts.

    ``workers``: how many processes to start here, each of one thread; as many as this process
    may use cores. They listen to this machine alone, and with certificates made for the
    occasion: nobody else who works on it can send them anything. Raises `ClusterError` where
    nothing answers within seconds, where there is no worker, or where one has other versions.
    With ``quiet`` the cluster's own log is left out.
    """
    with _hushed(quiet):
        if scheduler is not None:
            with _client(scheduler) as client:
                _require_workers(client, scheduler)
                yield client
            return
        with ExitStack() as opened:
            try:
                client = _own_cluster(opened, workers or _cores(), quiet=quiet)
                _require_workers(client, "127.0.0.1")
            except ClusterError:
                raise
            except (OSError, RuntimeError) as error:
                raise ClusterError(
                    "a worker ended while it was started on this machine, killed by somebody or "
                    "by the system where memory ran out; give fewer --workers, or leave out "
                    "--engine dask"
                ) from error
            yield client


def _own_cluster(opened: ExitStack, workers: int, *, quiet: bool) -> Client:
    """A client of a cluster started on this machine; both end with ``opened``."""
    environment = {k: v for k, v in dask.config.get(ENVIRONMENT).items() if k != TRIMMING}
    opened.enter_context(dask.config.set({ENVIRONMENT: environment}))
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        security=True,
        silence_logs=logging.CRITICAL if quiet else logging.WARNING,
    )
    opened.enter_context(cluster)
    return opened.enter_context(Client(cluster, set_as_default=False, timeout=STARTED_WITHIN_S))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _hushed(quiet: bool) -> Iterator[None]:  # noqa: FBT001  # the one thing it is told
    """Without what the library logs and warns of on stderr, which is for our sentences."""
    log = logging.getLogger("distributed")
    before = log.level
    with dask.config.set({LARGE_GRAPH: "1 TB"}):
        if quiet:
            log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            log.setLevel(before)


@contextmanager
def _client(address: str) -> Iterator[Client]:
    """A client of a scheduler that answers."""
    host, port = _place(address)
    try:
        socket.create_connection((host, port), timeout=REACHED_WITHIN_S).close()
    except OSError as error:
        raise _unreachable(address, error.strerror or str(error)) from error
    made: list[Client] = []
    failed: list[Exception] = []

    def connect() -> None:
        try:
            made.append(Client(address, timeout=REACHED_WITHIN_S, set_as_default=False))
        except (OSError, ValueError, TypeError, RuntimeError, EOFError) as error:
            failed.append(error)

    # a server that is no scheduler may keep the library waiting for ever
    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(2 * REACHED_WITHIN_S)
    if not made:
        raise ClusterError(
            "what answers at {address} is no Dask scheduler of distributed {version}; "
            "give the address that the scheduler printed when it was started",
            address=address,
            version=distributed.__version__,
        ) from (failed[0] if failed else None)
    with made[0] as client:
        yield client


def _place(address: str) -> tuple[str, int]:
    """Host and port of an address."""
    if not address.strip():
        raise ClusterError(
            "--scheduler is empty; write it as tcp://host:8786, or leave it out to start workers "
            "on this machine"
        )
    named = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        host, port = named.hostname, named.port
    except ValueError:  # a port that is no number
        host, port = None, None
    if named.scheme not in SCHEMES or not host or not port:
        raise ClusterError(
            "--scheduler is {found}, which is no address of a scheduler; "
            "write it as tcp://host:8786",
            found=address,
        )
    return host, port


def _unreachable(address: str, reason: str) -> ClusterError:
    return ClusterError(
        "no Dask scheduler can be reached at {address}: {reason}; start one with "
        "dask scheduler, or leave --scheduler out to measure on this machine",
        address=address,
        reason=reason,
    )


def _require_workers(client: Client, address: str) -> None:
    """At least one worker, and on every one what is here."""
    try:
        client.wait_for_workers(1, timeout=REACHED_WITHIN_S)
    except TimeoutError as error:
        raise ClusterError(
            "the scheduler at {address} has no workers; start some with "
            "dask worker {address}, from this same checkout",
            address=address,
        ) from error
    here = versions()
    for worker, there in client.run(versions, on_error="return").items():
        if isinstance(there, OSError):  # its connection ended
            raise ClusterError(
                "the worker at {worker} was lost before it had measured anything, killed by "
                "somebody or by the system where memory ran out; start it again, with more memory",
                worker=worker,
            ) from there
        if isinstance(there, BaseException):
            raise ClusterError(
                "the worker at {worker} cannot load phusong ({reason}); start it from this same "
                "checkout",
                worker=worker,
                reason=str(there) or type(there).__name__,
            ) from there
        for name, own in here.items():
            if there.get(name) != own:
                raise ClusterError(
                    "the worker at {worker} has {name} {found}, and this machine has {own}; bring "
                    "both to the same checkout and environment",
                    worker=worker,
                    name=name,
                    found=there.get(name, "?"),
                    own=own,
                )
