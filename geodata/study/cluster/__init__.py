"""Measuring on more than one machine: the same measures, over a Dask cluster.

`connected` gives a cluster, one of this machine's own or one that runs already; `measured_on`
measures on it. Villages are split into compact parts. Each part goes out with the polygons near
it and is measured by `coverage.measure` itself, on cells of the whole's size, so that its areas
are those of one machine to the last bit. A part whose worker dies is measured again elsewhere.
"""

from geodata.study.cluster.connect import ClusterError, connected
from geodata.study.cluster.run import measured_on

__all__ = ["ClusterError", "connected", "measured_on"]
