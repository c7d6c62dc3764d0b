"""Small files that mean harm: each is refused with a sentence, or read for what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geodata.read import read_table
from tests import hostile
from tests.corpus import Case

REFUSED: dict[Callable[[Path], Path], str] = {
    hostile.pdf_as_shapefile: "is not a table or a map layer we read",
    hostile.shapefile_without_index: "without the .shx file",
    hostile.zip_bomb_inside_a_zip: "holds another archive",
    hostile.zip_bomb_under_another_name: "holds another archive",
    hostile.zip_that_lies: "cannot be read",
    hostile.zip_whose_entries_overlap: "not packed beyond measure",
    hostile.gzip_bomb: "grows beyond",
    hostile.kml_with_entities: "a document type of its own",
    hostile.kml_of_a_billion_laughs: "a document type of its own",
    hostile.kml_nested: "cannot be read",
    hostile.tiff_broken: "is a raster of cells",
    hostile.csv_of_a_million_columns: "at most 4096 are read",
    hostile.csv_of_quotes: "a quotation mark that nothing closes",
    hostile.csv_of_nothing: "is not a table or a map layer we read",
    hostile.package_with_a_function: "calls the function load_extension",
    hostile.package_that_refers_to_itself: "cannot be read",
    hostile.geojson_nested: "cannot be read",
    hostile.geojson_of_properties_nested: "cannot be read",
    hostile.geojson_beyond_numbers: "cannot be read",
    hostile.geojson_of_commands: "a list of commands and no data",
    hostile.workbook_of_a_billion_laughs: "cannot be read",
    hostile.index_that_lies: "cannot be read",
    hostile.flatgeobuf_of_a_huge_feature: "does not hold the number of features",
    hostile.flatgeobuf_of_a_huge_header: "holds no layer",
    hostile.parquet_with_a_lying_end: "cannot be read",
    hostile.table_of_four_billion_rows: "its .dbf is cut short",
    hostile.mif_of_two_billion_points: "cannot be read",
    hostile.shape_of_two_billion_points: "its .shp is cut short or damaged",
    hostile.shape_of_two_billion_parts: "its .shp is cut short or damaged",
    hostile.random_bytes: "is not a table or a map layer we read",
    hostile.spaces: "holds no rows",
}

READ: dict[Callable[[Path], Path], int] = {
    hostile.csv_of_a_thousand_columns: 200,
    hostile.package_with_triggers: 9,
}
"""What is odd and harms nobody, and how many rows it has."""


def _named(make: Callable[[Path], Path]) -> str:
    return f"hostile-{make.__name__.replace('_', '-')}"


def _counted(rows: int) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        assert len(read_table(path)) == rows

    return check


CASES = (
    *(
        Case(name=_named(make), make=make, check=_counted(0), refused=told)
        for make, told in REFUSED.items()
    ),
    *(Case(name=_named(make), make=make, check=_counted(rows)) for make, rows in READ.items()),
)
