"""Tables of a PostGIS database: read into a study, and results published for QGIS and GeoServer."""

from geodata.postgis.address import is_address, name_of

__all__ = ["is_address", "name_of"]
