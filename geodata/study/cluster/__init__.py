"""Measuring on more than one machine: the same measures, over a Dask cluster.

`Cluster` measures a study on a cluster, one of this machine's own or one that runs already.
Villages are split into compact regions. A task names files and a region; the worker reads what lies
near it, measures it by `coverage.regions.measure_region`, as one machine does region by region, and
gives its table; here the tables are put together. What a worker that dies was doing is done again
elsewhere. Needs the packages of the optional extra ``cluster``.
"""

from geodata.study.cluster.connect import connected
from geodata.study.cluster.errors import ClusterError
from geodata.study.cluster.measured import Cluster, measured_on

__all__ = ["Cluster", "ClusterError", "connected", "measured_on"]
