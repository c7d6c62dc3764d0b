"""What a caller is told where a process that read for it was lost."""

from __future__ import annotations

from typing import Literal

from geodata.errors import UnreadableError
from geodata.sandbox.limits import Limits

Reason = Literal["late", "crashed", "full", "failed", "stopped"]
"""Too long by the clock or the processor; ended by itself or for want of memory; too much
written; an error of this program that nobody foresaw; not wanted, not started, or killed with
all others."""


class LostError(UnreadableError):
    """Reading took too long, ended the process it ran in, or was stopped; ``reason`` says which."""

    reason: Reason = "crashed"


def lost(file: str, reason: Reason, limits: Limits, *, by_clock: bool = True) -> LostError:
    """The error for a file whose process was lost; ``by_clock`` False: the processor's time."""
    if reason == "late":
        error = LostError(
            "{file} could not be read within {seconds} seconds; if it is large rather than "
            "damaged, name it in a study file and read it from the command line",
            file=file,
            seconds=round(limits.seconds if by_clock else limits.cpu_seconds or limits.seconds),
        )
    elif reason == "full":
        error = LostError(
            "{file} could not be read: more than {megabytes} MB or {files} files were written for "
            "it; make it smaller, or name it in a study file and read it from the command line",
            file=file,
            megabytes=limits.folder_megabytes,
            files=limits.folder_files,
        )
    elif reason == "failed":
        error = LostError(
            "{file} could not be read, by a fault of this program; whoever runs it finds more in "
            "its log",
            file=file,
        )
    elif reason == "stopped":
        error = LostError("reading {file} was stopped; start it again", file=file)
    else:
        error = LostError(
            "{file} could not be read: it is damaged, or it needs more than {megabytes} MB of "
            "memory; save it again, or name it in a study file and read it from the command line",
            file=file,
            megabytes=limits.megabytes,
        )
    error.reason = reason
    return error
