"""Sandbox: processes that read strangers' files, limited in time and memory and shut in.

`Sandbox` runs a function in a process of its own; `Limits` bounds it; `LostError` is raised
where it was lost. `protection` says what the system of this machine can do.
"""

from geodata.sandbox.confine import Protection, protection
from geodata.sandbox.errors import LostError
from geodata.sandbox.limits import Limits, hold_memory
from geodata.sandbox.pool import Granted, Sandbox

__all__ = [
    "Granted",
    "Limits",
    "LostError",
    "Protection",
    "Sandbox",
    "hold_memory",
    "protection",
]
