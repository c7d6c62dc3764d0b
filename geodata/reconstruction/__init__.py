"""The built-in province: Nghệ An rebuilt from facts, as an ordinary study folder."""

from geodata.reconstruction.make import reconstruct

__all__ = ["reconstruct"]
