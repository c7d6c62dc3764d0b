"""Polygons of coverage by every convention, and what goes wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from tests.corpus import Case
from tests.corpus._layers import SQUARES, kinds, km2, read, squares


def _made(name: str, **columns: list[object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        squares(**columns).to_file(path)
        return path

    return make


def _plain_by_columns(path: Path) -> None:
    assert km2(read(path, "")) == {"Viettel 4G": 1.0, "VinaPhone 3G": 2.0}


def _plain_chosen(path: Path) -> None:
    found = read(path, "", operator="VNPT", technology="3G")
    assert km2(found) == {"VNPT 3G": 2.0}
    assert "rows-chosen" in kinds(found)


def _plain_not_there(path: Path) -> None:
    read(path, "", operator="MobiFone")


def _itu(path: Path) -> None:
    found = read(path, "itu_vector", operator="Viettel")
    assert km2(found) == {"Viettel 4G": 1.0, "Viettel 5G": 2.0}
    assert found.layers[0].info.evidence == "declared"


def _itu_without_operator(path: Path) -> None:
    read(path, "itu_vector")


def _itu_unknown_technology(path: Path) -> None:
    found = read(path, "itu_vector", operator="Viettel")
    assert km2(found) == {"Viettel 4G": 1.0}
    doubt = next(one for one in found.findings if one.kind == "unknown-technology")
    assert (doubt.severity, doubt.rows, doubt.count) == ("warning", (2,), 1)
    assert "WiMAX" in str(doubt.sentence)


def _itu_all_unknown(path: Path) -> None:
    read(path, "itu_vector", operator="Viettel")


FCC = {
    "providerid": [130077, 130403],
    "brandname": ["AT&T", "T-Mobile"],
    "technology": [400, 500],
    "mindown": [5, 35],
    "minup": [1, 3],
    "minsignal": [-95.0, -112.0],
    "environmnt": [0, 1],
    "h3_res9_id": ["8928308280fffff", "8928308280bffff"],
}


def _fcc(path: Path) -> None:
    found = read(path, "fcc_bdc")
    assert km2(found) == {"AT&T 4G": 1.0, "T-Mobile 5G": 2.0}
    assert {"secondhand", "environments"} <= kinds(found)
    assert km2(read(path, "fcc_bdc", threshold_dbm=-105.0)) == {"AT&T 4G": 1.0}


def _fcc_unknown_code(path: Path) -> None:
    found = read(path, "fcc_bdc")
    assert km2(found) == {"AT&T 4G": 1.0}
    assert "unknown-technology" in kinds(found)


def _mce(path: Path) -> None:
    found = read(path, "mce_vector", operator="Viettel")
    assert km2(found) == {"Viettel 3G": 3.0}
    assert found.layers[0].info.as_of == date(2018, 12, 1)
    asked = read(path, "mce_vector", operator="Viettel", as_of=date(2019, 1, 31))
    assert asked.layers[0].info.as_of == date(2019, 1, 31)


def _mce_without_operator(path: Path) -> None:
    read(path, "mce_vector")


ARCEP = {
    "operateur": ["OF", "OF"],
    "date": ["2021-12-31", "2021-12-31"],
    "techno": ["4G", "4G"],
    "usage": ["internet", "internet"],
    "niveau": ["TBC", "CL"],
    "dept": ["01", "01"],
}


def _arcep(path: Path) -> None:
    found = read(path, "arcep_footprints")
    assert km2(found) == {"OF 4G": 3.0}
    assert found.layers[0].info.as_of == date(2021, 12, 31)
    assert {"secondhand", "grades"} <= kinds(found)
    doubt = next(one for one in found.findings if one.kind == "grades")
    assert doubt.severity == "warning"
    asked = read(path, "arcep_footprints", grades=("TBC", "BC"))
    assert km2(asked) == {"OF 4G": 1.0}


def _arcep_quarters(path: Path) -> None:
    found = read(path, "arcep_footprints")
    assert [one.info.as_of for one in found.layers] == [date(2021, 7, 1), date(2021, 10, 1)]


def _arcep_unknown_grade(path: Path) -> None:
    found = read(path, "arcep_footprints")
    assert km2(found) == {"OF 4G": 1.0}
    assert "unknown-grade" in kinds(found)


def _arcep_grade_asked_wrongly(path: Path) -> None:
    read(path, "arcep_footprints", grades=("best",))


def _peru(path: Path) -> None:
    found = read(path, "peru", operator="Bitel")
    assert km2(found) == {"Bitel 4G": 3.0}
    assert "grades" in kinds(found)


def _peru_guaranteed_alone(path: Path) -> None:
    found = read(path, "peru", operator="Bitel", grades=("garantizada",))
    assert km2(found) == {"Bitel 5G": 3.0}
    assert "grades" not in kinds(found)


def _peru_additional_not_asked_for(path: Path) -> None:
    read(path, "peru", operator="Bitel", grades=("garantizada",))


GIGA = {
    "mobile_coverage_id": ["a", "b"],
    "radio_type": ["4G", "4G"],
    "coverage_type": ["measured", "predicted"],
    "signal_strength": ["strong", "weak"],
    "operator_name": ["Viettel", "Viettel"],
    "average_rsrp_dbm": [-88.0, -118.0],
    "measurement_date": ["2024-03-02", "2024-05-06"],
}


def _giga(path: Path) -> None:
    found = read(path, "giga")
    told = {(one.info.evidence, one.info.as_of): one.footprint.area.sum() for one in found.layers}
    assert {key: round(area / 1e6, 3) for key, area in told.items()} == {
        ("measured", date(2024, 3, 2)): 1.0,
        ("modelled", date(2024, 5, 6)): 2.0,
    }
    assert km2(read(path, "giga", threshold_dbm=-105.0)) == {"Viettel 4G": 1.0}
    assert km2(read(path, "giga", grades=("weak",))) == {"Viettel 4G": 2.0}


def _giga_as_text(folder: Path) -> Path:
    path = folder / "giga.csv"
    table = pd.DataFrame(GIGA)
    shapes = gpd.GeoSeries(SQUARES, crs="EPSG:9208").to_crs("EPSG:4326")
    table["geometry"] = shapely.to_wkt(shapes.to_numpy(), rounding_precision=9)
    table.to_csv(path, index=False)
    return path


def _giga_of_text(path: Path) -> None:
    found = read(path, "giga")
    assert {
        round(area, 3) for area in (one.footprint.area.sum() / 1e6 for one in found.layers)
    } == {
        1.0,
        2.0,
    }


def _refused(convention: str) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        read(path, convention)

    return check


CASES = (
    Case(
        name="conventions-plain-two-operators-in-columns",
        make=_made("filing.gpkg", nha_mang=["Viettel", "VinaPhone"], cong_nghe=["LTE", "UMTS"]),
        check=_plain_by_columns,
    ),
    Case(
        name="conventions-plain-one-of-two-chosen",
        make=_made("filing.gpkg", operator=["Viettel", "VinaPhone"], technology=["4G", "3G"]),
        check=_plain_chosen,
    ),
    Case(
        name="conventions-plain-operator-not-in-the-file",
        make=_made("filing.gpkg", operator=["Viettel", "VinaPhone"], technology=["4G", "3G"]),
        check=_plain_not_there,
        refused="holds Viettel, VinaPhone and nothing of MobiFone",
    ),
    Case(
        name="conventions-itu-vector",
        make=_made("cov.geojson", radio_type=["4G", "5G"], country_code=["VNM"] * 2,
                   dataset_id=["d"] * 2),
        check=_itu,
    ),
    Case(
        name="conventions-itu-vector-without-operator",
        make=_made("cov.gpkg", radio_type=["4G", "5G"], country_code=["VNM"] * 2),
        check=_itu_without_operator,
        refused="add operator = …",
    ),
    Case(
        name="conventions-itu-vector-unknown-technology",
        make=_made("cov.gpkg", radio_type=["4G", "WiMAX"]),
        check=_itu_unknown_technology,
    ),
    Case(
        name="conventions-itu-vector-nothing-known",
        make=_made("cov.gpkg", radio_type=["6G", "WiMAX"]),
        check=_itu_all_unknown,
        refused="technology '6G' is not known",
    ),
    Case(name="conventions-fcc", make=_made("bdc.gpkg", **FCC), check=_fcc),
    Case(name="conventions-fcc-shapefile", make=_made("bdc.shp", **FCC), check=_fcc),
    Case(
        name="conventions-fcc-unknown-code",
        make=_made("bdc.gpkg", **{**FCC, "technology": [400, 999]}),
        check=_fcc_unknown_code,
    ),
    Case(
        name="conventions-mce-shapefile",
        make=_made("MCE_201812_3G.shp", CNTRY_ISO2=["VN", "VN"], CNTRY_ISO3=["VNM", "VNM"]),
        check=_mce,
    ),
    Case(
        name="conventions-mce-without-operator",
        make=_made("MCE_201812_LTE.shp", CNTRY_ISO2=["VN", "VN"]),
        check=_mce_without_operator,
        refused="add operator = …",
    ),
    Case(name="conventions-arcep", make=_made("2021_T4_couv.gpkg", **ARCEP), check=_arcep),
    Case(
        name="conventions-arcep-two-quarters",
        make=_made("couv.gpkg", **{**ARCEP, "date": ["2021_T3", "2021_T4"]}),
        check=_arcep_quarters,
    ),
    Case(
        name="conventions-arcep-unknown-grade",
        make=_made("couv.gpkg", **{**ARCEP, "niveau": ["tbc", "??"]}),
        check=_arcep_unknown_grade,
    ),
    Case(
        name="conventions-arcep-grade-asked-wrongly",
        make=_made("couv.gpkg", **ARCEP),
        check=_arcep_grade_asked_wrongly,
        refused="grade 'best' is not known; expected some of TBC, BC, CL",
    ),
    Case(
        name="conventions-peru-additional",
        make=_made("4g-cobertura_adicional.shp", DEPTO=["Lima", "Lima"]),
        check=_peru,
    ),
    Case(
        name="conventions-peru-guaranteed",
        make=_made("5g-cobertura_garantizada.shp", DEPTO=["Lima", "Lima"]),
        check=_peru_guaranteed_alone,
    ),
    Case(
        name="conventions-peru-additional-not-asked-for",
        make=_made("4g-cobertura_adicional.shp", DEPTO=["Lima", "Lima"]),
        check=_peru_additional_not_asked_for,
        refused="holds nothing that counts as coverage",
    ),
    Case(name="conventions-giga", make=_made("giga.geojson", **GIGA), check=_giga),
    Case(name="conventions-giga-shapefile", make=_made("giga.shp", **GIGA), check=_giga),
    Case(name="conventions-giga-as-text", make=_giga_as_text, check=_giga_of_text),
    Case(
        name="conventions-giga-strange-coverage-type",
        make=_made("giga.gpkg", **{**GIGA, "coverage_type": ["measured", "guessed"]}),
        check=_refused("giga"),
        refused="coverage_type is 'guessed'; expected measured, modeled or predicted",
    ),
)  # fmt: skip
