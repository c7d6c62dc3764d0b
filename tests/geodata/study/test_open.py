"""Opening a study folder: what is right opens, what is wrong is told at once and whole."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

import coverage
import geodata
from geodata import DataError, MissingFileError, StudyError, UnreadableError
from tests import folder, tiny


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def verdicts(file: Path) -> dict[str, str]:
    study = geodata.open_study(file)
    measures = coverage.measure(study.villages, study.layers)
    return (
        coverage.judge(measures, study.rule, expected=study.expected).verdicts["verdict"].to_dict()
    )


@pytest.mark.heavy
def test_a_folder_and_its_file_open_the_same(study: Path) -> None:
    assert geodata.open_study(study).villages.equals(geodata.open_study(study.parent).villages)
    opened = geodata.open_study(study)
    assert [layer.info.title for layer in opened.layers] == ["Alpha 4G", "Beta 3G"]
    assert opened.units[0].districts is not None
    assert len(opened.inputs) == 7
    assert opened.reconstruction is None


@pytest.mark.heavy
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3405", "EPSG:9208"])
def test_files_in_any_system_give_the_same_verdicts(study: Path, crs: str) -> None:
    before = verdicts(study)
    for path in [study.parent / "villages.gpkg", *(study.parent / "layers").glob("*.gpkg")]:
        table = gpd.read_file(path).to_crs(crs).sample(frac=1, random_state=7)
        path.unlink()
        table.to_file(path)
    assert verdicts(study) == before
    assert before["v3"] == "weak"


def test_a_changed_threshold_changes_the_figures(study: Path) -> None:
    text = folder.STUDY.replace(
        'rule = "vn-village"', 'rule = { name = "strict", weak_share = 0.25, centre = false }'
    )
    study.write_text(text, encoding="utf-8")
    opened = geodata.open_study(study)
    assert (opened.rule.name, opened.rule.weak_share, opened.rule.ours) == ("strict", 0.25, True)
    assert verdicts(study)["v6"] == "none"


def test_an_operator_taken_out_makes_its_gaps_unknown(study: Path) -> None:
    text = folder.STUDY.split('[[layers]]\noperator = "Beta"')[0]
    study.write_text(text, encoding="utf-8")
    assert verdicts(study)["v9"] == "unknown"
    assert verdicts(study)["v1"] == "covered"


def test_five_faults_are_told_at_once_each_with_its_line(study: Path) -> None:
    text = (
        folder.STUDY.replace(
            'as_of = 2023-08-30\ncrs = "EPSG:9208"', 'as_of = "soon"\ncrs = "EPSG:4326"'
        )
        .replace('rule = "vn-village"', 'rule = "vn-vilage"')
        .replace('technology = "4G"', 'technology = "6G"')
        .replace('path = "layers/beta_3g.gpkg"', 'path = "layers/gone.gpkg"')
    )
    study.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="has 5 faults") as caught:
        geodata.open_study(study)
    said = "\n".join(map(str, caught.value.faults))
    for part in (
        "line 3, as_of", "line 4, crs", "line 5, rule", "line 21, layers[1].technology",
        "line 29, layers[2].path: file 'layers/gone.gpkg' is not there",
    ):  # fmt: skip
        assert part in said


def test_an_unknown_key_is_told_with_the_nearest(study: Path) -> None:
    study.write_text(folder.STUDY.replace('operator = "Alpha"', 'operater = "Alpha"'), "utf-8")
    with pytest.raises(StudyError, match=r"operater is not a key of this table; operator\?"):
        geodata.open_study(study)


def test_broken_toml_and_no_study_at_all(study: Path, tmp_path: Path) -> None:
    study.write_text("schema = 1\nname = \n", encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"study\.toml is not a study file: .*line 2"):
        geodata.open_study(study)
    with pytest.raises(MissingFileError, match="a study is a folder with a study"):
        geodata.open_study(tmp_path)


def test_villages_outside_the_province_are_told(tmp_path: Path) -> None:
    file = folder.write(tmp_path / "s")
    villages = gpd.read_file(tmp_path / "s" / "villages.gpkg")
    villages["geometry"] = villages.translate(26_400, 0)
    (tmp_path / "s" / "villages.gpkg").unlink()
    villages.to_file(tmp_path / "s" / "villages.gpkg")
    with pytest.raises(DataError, match=r"9 of 9 places lie outside .* 26\.4 km"):
        geodata.open_study(file)


def test_an_empty_layer_is_told(study: Path) -> None:
    path = study.parent / "layers" / "alpha_4g.gpkg"
    path.unlink()
    gpd.GeoDataFrame(geometry=[], crs=tiny.CRS).to_file(path)
    with pytest.raises(DataError, match=r"alpha_4g\.gpkg holds no rows"):
        geodata.open_study(study)


def test_a_pattern_reads_every_file_it_fits(study: Path) -> None:
    both = folder.STUDY.split("[[layers]]")[0] + (
        '[[layers]]\npath = "layers/*.gpkg"\noperator = "Alpha"\ntechnology = "4G"\n'
    )
    study.write_text(both, encoding="utf-8")
    layers = geodata.open_study(study).layers
    assert [(layer.info.title, len(layer.footprint)) for layer in layers] == [("Alpha 4G", 3)]


def test_village_names_stay_text_whatever_they_hold(tmp_path: Path) -> None:
    hostile = tiny.villages()
    hostile["village"] = ["<script>alert(1)</script>", "=1+1", *hostile["village"][2:]]
    opened = geodata.open_study(folder.write(tmp_path / "s", villages=hostile))
    assert opened.villages.loc[["v1", "v2"], "village"].tolist() == [
        "<script>alert(1)</script>", "=1+1",
    ]  # fmt: skip


@pytest.mark.heavy
def test_mapinfo_that_lost_its_datum_is_doubted_and_corrected_when_told(tmp_path: Path) -> None:
    file = folder.write(tmp_path / "s")
    gpd.read_file(tmp_path / "s" / "villages.gpkg").to_file(
        tmp_path / "s" / "villages.tab", driver="MapInfo File"
    )
    text = folder.STUDY.replace("villages.gpkg", "villages.tab")
    file.write_text(text, encoding="utf-8")
    doubted = geodata.open_study(file)
    assert "VN-2000 projection without VN-2000's datum" in str(doubted.notes[0])
    assert 'lies 224.5 m off, so write crs = "EPSG:9208"' in str(doubted.notes[0])
    told = text.replace('path = "villages.tab"', 'path = "villages.tab"\ncrs = "EPSG:9208"')
    file.write_text(told, encoding="utf-8")
    right = geodata.open_study(file).villages.geometry
    assert right.distance(tiny.villages().geometry).max() < 0.01
    apart = doubted.villages.geometry.centroid.distance(right.centroid)
    assert apart.to_numpy() == pytest.approx(224.5, abs=0.5)


def replaced(path: Path, table: gpd.GeoDataFrame) -> None:
    path.unlink()
    table.to_file(path)


def test_an_unknown_column_and_repeated_ids_are_told(study: Path) -> None:
    asked = 'path = "villages.gpkg"\ncolumns = { village = "TEN_THON" }'
    study.write_text(folder.STUDY.replace('path = "villages.gpkg"', asked), "utf-8")
    with pytest.raises(DataError, match=r"villages\.gpkg has no column TEN_THON \(asked for"):
        geodata.open_study(study)
    study.write_text(folder.STUDY, "utf-8")
    table = gpd.read_file(study.parent / "villages.gpkg")
    table.loc[[3, 7], "village_id"] = "v1"
    replaced(study.parent / "villages.gpkg", table)
    with pytest.raises(DataError, match="v1 occurs in rows 1, 4, 8"):
        geodata.open_study(study)


def test_an_explicit_unit_column_must_be_in_one_of_the_files(study: Path) -> None:
    asked = 'communes = "communes.gpkg"\ncolumns = { name = "TEN_XA" }'
    study.write_text(folder.STUDY.replace('communes = "communes.gpkg"', asked), "utf-8")
    with pytest.raises(DataError, match="no column TEN_XA"):
        geodata.open_study(study)
    right = asked.replace("TEN_XA", "commune")
    study.write_text(folder.STUDY.replace('communes = "communes.gpkg"', right), "utf-8")
    units = geodata.open_study(study).units[0]
    assert units.communes["name"].tolist() == ["Xã 0", "Xã 1", "Xã 2"]
    assert units.districts is not None
    assert units.districts["name"].tolist() == ["Thành phố Vinh", "Huyện Kỳ Sơn"]


@pytest.mark.heavy
def test_villages_without_ids_get_some_that_stay(study: Path) -> None:
    table = gpd.read_file(study.parent / "villages.gpkg").drop(columns="village_id")
    replaced(study.parent / "villages.gpkg", table)
    table[["village", "geometry"]].set_geometry(table.centroid).to_file(study.parent / "halls.gpkg")
    study.write_text(folder.STUDY.replace("centres.gpkg", "halls.gpkg"), "utf-8")
    first = geodata.open_study(study)
    assert "villages.gpkg: no village_id column; ids are minted and kept" in map(str, first.notes)
    replaced(study.parent / "villages.gpkg", table.sample(frac=1, random_state=5))
    again = geodata.open_study(study)
    assert again.villages["village"].to_dict() == first.villages["village"].to_dict()
    assert first.villages["centre"].notna().all()
    assert sorted(p.name for p in study.parent.glob("*ids*")) == ["village_ids.csv"]


def test_villages_may_be_a_list_with_coordinates(study: Path) -> None:
    points = tiny.villages()["centre"]
    lines = ["Mã thôn;Thôn;Dân số;Điện lưới;X;Y"] + [
        f"{key};Xóm {key};1.{k}00;x;{str(p.y).replace('.', ',')};{str(p.x).replace('.', ',')}"
        for k, (key, p) in enumerate(points.items())
    ]
    (study.parent / "villages.csv").write_text("\n".join(lines), encoding="utf-8")
    text = folder.STUDY.replace('path = "villages.gpkg"', 'path = "villages.csv"\nradius_m = 250')
    study.write_text(text.replace('centres = "centres.gpkg"\n', ""), "utf-8")
    opened = geodata.open_study(study)
    assert opened.villages["centre"].distance(points).max() < 1e-6
    assert opened.villages["population"].tolist() == [1000.0 + 100 * k for k in range(9)]
    assert opened.villages["district"].tolist() == tiny.villages()["district"].tolist()
    assert opened.villages.geometry.area.to_numpy() == pytest.approx(196_350, rel=1e-3)
    assert "villages.csv: 9 points read as discs of 250 m radius" in map(str, opened.notes)


def test_doubtful_layers_are_noted(study: Path) -> None:
    path = study.parent / "layers" / "beta_3g.gpkg"
    far = gpd.read_file(path)
    far["geometry"] = far.translate(50_000, 0)
    replaced(path, far)
    beta = folder.STUDY.index('technology = "3G"')
    later = folder.STUDY[beta:].replace("as_of = 2023-08-30", "as_of = 2024-01-01", 1)
    study.write_text(folder.STUDY[:beta] + later, "utf-8")
    notes = [str(note) for note in geodata.open_study(study).notes]
    assert "Beta 3G: lies wholly outside the villages; check its coordinate system" in notes
    assert "Beta 3G: is of 2024-01-01, after the study's day, 2023-08-30" in notes


def test_zones_of_5g_are_read_with_what_their_file_says(study: Path) -> None:
    zones = tiny.villages().iloc[:1][["geometry"]].assign(**{"Khu vực": "Vinh", "Giai đoạn": "1"})
    zones.to_file(study.parent / "zones.gpkg")
    study.write_text(folder.STUDY + '\n[zones_5g]\npath = "zones.gpkg"\n', "utf-8")
    found = geodata.open_study(study).zones_5g
    assert found is not None
    assert found[["zone", "phase"]].iloc[0].tolist() == ["Vinh", "1"]
    assert found["start"].isna().all()


@pytest.mark.heavy
def test_an_extent_limits_what_a_filing_speaks_of(study: Path) -> None:
    tiny.villages().iloc[:3][["geometry"]].to_file(study.parent / "extent.gpkg")
    text = folder.STUDY.replace('technology = "3G"', 'technology = "3G"\nextent = "extent.gpkg"')
    study.write_text(text, "utf-8")
    assert verdicts(study)["v9"] == "unknown"
    assert verdicts(study)["v3"] == "weak"
