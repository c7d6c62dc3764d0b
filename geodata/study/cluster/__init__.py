"""Measuring on more than one machine: the same measures, over a Dask cluster.

`Cluster` measures a study on a cluster, one of this machine's own or one that runs already.
Villages are split into compact parts. Each part goes out with the polygons, the pixels and the
places near it and is measured by `coverage` itself, its areas on cells of the whole's size, so that
they are those of one machine to the last bit. Outlines are moved tile by tile, in the tiles that
one machine has. What a worker that dies was doing is done again elsewhere.
"""

from geodata.study.cluster.connect import ClusterError, connected
from geodata.study.cluster.measured import Cluster, measured_on

__all__ = ["Cluster", "ClusterError", "connected", "measured_on"]
