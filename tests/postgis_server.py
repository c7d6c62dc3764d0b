"""A throw-away PostgreSQL with PostGIS: given by its address, or started from Debian's packages.

``python -m tests.postgis_server start FOLDER`` starts one and prints its address, which the
tests take from ``PHUSONG_TEST_POSTGIS``; ``stop FOLDER`` ends it. It lies wholly in FOLDER,
listens on this machine alone and forgets to sync: never keep anything in it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

VARIABLE = "PHUSONG_TEST_POSTGIS"
ROOTS = (Path("/usr/lib/postgresql"), Path("/usr/pgsql"))
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "lc_messages": "C",
}


def binaries() -> Path | None:
    """The folder of the newest PostgreSQL that has PostGIS; None where there is none."""
    found = [
        folder / "bin"
        for root in ROOTS
        for folder in root.glob("*")
        if (folder / "bin" / "initdb").is_file()
        and Path(f"/usr/share/postgresql/{folder.name}/extension/postgis.control").is_file()
    ]
    return max(found, key=lambda path: float(path.parent.name), default=None)


def start(folder: Path) -> str:
    """Start a cluster in a new or empty folder and return the address of its superuser."""
    at = binaries()
    if at is None:
        raise SystemExit("no PostgreSQL with PostGIS on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    password = folder / "password"
    password.write_text(secrets.token_hex(8), encoding="utf-8")
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        for path in (folder, password):
            shutil.chown(path, "postgres", "postgres")
    auth = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}"]
    made = ["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    data = folder / "data"
    _run(at / "initdb", "--pgdata", data, *made, *auth)
    port = _free_port()
    told = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    options = f"-p {port} -k {folder} {told}"
    _run(at / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
    return f"postgresql://postgres:{password.read_text('utf-8')}@127.0.0.1:{port}/postgres"


def stop(folder: Path) -> None:
    """Stop the cluster of a folder, and clear the folder away."""
    at = binaries()
    if at is not None and (folder / "data" / "postmaster.pid").exists():
        _run(at / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def _run(*words: object) -> None:
    """Run one program of PostgreSQL's; what it has to say it says on stderr."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(  # noqa: S603  # the programs found above, and our own words
        [str(word) for word in words],
        check=True,
        stdout=sys.stderr,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    {"start": lambda at: print(start(at)), "stop": stop}[sys.argv[1]](Path(sys.argv[2]))  # noqa: T201  # the address is what it is asked for
