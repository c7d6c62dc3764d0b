"""The server's own process in the place of the sandbox, which is slow to start and to fill."""

from __future__ import annotations

from geodata.sandbox import Sandbox
from geodata.sandbox.calls import Call


class Unboxed(Sandbox):
    """Calls functions here: the studies are ours, and who may see them is asked outside of it."""

    def warm(self) -> None:
        """There is nothing to start."""

    def _run(self, call: Call) -> object:
        request = call.request
        return request.function(*request.arguments, **request.named)
