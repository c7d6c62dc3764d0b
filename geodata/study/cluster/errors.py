"""What goes wrong with a cluster."""

from __future__ import annotations

from geodata.errors import CallError


class ClusterError(CallError):
    """The cluster cannot be used, or was lost (exit status 2)."""
