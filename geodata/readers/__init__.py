"""What a file declares of other files, looked at before the library that would open them.

A GeoPackage's schema, a MapInfo table, a raster's metadata and neighbours, the text of a
coordinate system, a ZIP's directory: each has a module that reads the few bytes in question
itself and refuses, in one sentence, what would lead a library out of what came with the file.
`self_contained` asks the right ones for a file of a kind.
"""

from geodata.readers.self_contained import require_self_contained, require_self_contained_raster

__all__ = ["require_self_contained", "require_self_contained_raster"]
