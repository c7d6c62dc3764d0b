"""Studies made of files that strangers sent: opened and measured in a sandbox, each time."""

from geodata.upload.computed import Compute, MeasuredStudy, compute_here
from geodata.upload.sandboxed import SandboxedStudy

__all__ = ["Compute", "MeasuredStudy", "SandboxedStudy", "compute_here"]
