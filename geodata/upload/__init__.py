"""Studies made of files that strangers sent: opened and measured in a sandbox, each time."""

from geodata.upload.sandboxed import MeasuredStudy, SandboxedStudy

__all__ = ["MeasuredStudy", "SandboxedStudy"]
