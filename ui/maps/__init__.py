"""The map: what it is told, how its geometry is served, and its folium twin."""
