"""Sites and cells, which become discs of their reach."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.corpus import Case
from tests.corpus._layers import kinds, km2, read

HEADER = (
    "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
)
CELLS = (
    "LTE,452,4,1,11,0,105.688,18.673,1000,9,1,1600000000,1693353600,0\n"
    "UMTS,452,4,1,12,0,105.70,18.68,500,9,1,1600000000,1690000000,0\n"
    "LTE,452,2,1,13,-1,105.71,18.69,2000,9,1,1600000000,1690000000,0\n"
)
LATE_DAY = date(2023, 8, 30)


def _text(name: str, body: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_text(body, encoding="utf-8")
        return path

    return make


def _packed(folder: Path) -> Path:
    path = folder / "452.csv.gz"
    path.write_bytes(gzip.compress(CELLS.encode()))
    return path


def _disc_km2(reach_m: float) -> float:
    return math.pi * reach_m**2 / 1e6


def _cells(path: Path) -> None:
    found = read(path, "opencellid")
    assert km2(found) == {
        "VinaPhone 4G": pytest.approx(_disc_km2(2000), rel=1e-5),
        "Viettel 3G": pytest.approx(_disc_km2(500), rel=1e-4),
        "Viettel 4G": pytest.approx(_disc_km2(1000), rel=1e-5),
    }
    four = next(one.info for one in found.layers if one.info.title == "Viettel 4G")
    assert (four.as_of, four.evidence) == (LATE_DAY, "modelled")
    assert "discs around sites" in four.source
    assert "discs" in kinds(found)


def _capped(path: Path) -> None:
    found = read(path, "opencellid", reach_cap_m=800.0, operator="Viettel", technology="4G")
    assert km2(found) == {"Viettel 4G": pytest.approx(_disc_km2(800), rel=1e-5)}
    assert {"reach-capped", "rows-chosen"} <= kinds(found)


def _declared_all_the_same(path: Path) -> None:
    found = read(path, "opencellid", evidence="declared")
    assert {one.info.evidence for one in found.layers} == {"modelled"}


def _refused(path: Path) -> None:
    read(path, "opencellid")


def _with_strange_radio(path: Path) -> None:
    found = read(path, "opencellid")
    assert "Viettel 4G" in km2(found)
    doubt = next(one for one in found.findings if one.kind == "unknown-technology")
    assert (doubt.rows, doubt.count) == ((4,), 1)
    assert "CDMA" in str(doubt.sentence)


def _with_lost_places(path: Path) -> None:
    found = read(path, "opencellid")
    doubt = next(one for one in found.findings if one.kind == "no-reach")
    assert doubt.rows == (5, 6)
    assert km2(found)["Viettel 4G"] == pytest.approx(_disc_km2(1000), rel=1e-5)


def _foreign(path: Path) -> None:
    assert set(km2(read(path, "opencellid"))) == {"620-02 2G", "452-77 5G"}


ITU = "lat,lon,radio_type,antenna_height,ict_id\n18.67,105.68,4G,40,a\n18.69,105.71,4G,,b\n"


def _itu(path: Path) -> None:
    found = read(path, "itu_sites", operator="Viettel", reach_m=1000.0)
    assert km2(found) == {"Viettel 4G": pytest.approx(2 * _disc_km2(1000), rel=1e-5)}
    assumed = next(one for one in found.findings if one.kind == "height-assumed")
    assert "1 sites do not say how high" in str(assumed.sentence)
    assert "25 m" in str(assumed.sentence)


def _itu_without_reach(path: Path) -> None:
    read(path, "itu_sites", operator="Viettel")


GIGA = (
    "wireless_site_id,latitude,longitude,site_status,radio_types,access_service_types,"
    "network_providers,highest_antenna_height_agl_meters,last_verified_date\n"
    "s1,18.67,105.93,operational,\"['2G', '4G']\",mobile,Viettel,30,2023-05-01\n"
    's2,18.67,105.98,operational,4G,mixed,"VinaPhone, Viettel",,2023-06-01\n'
    "s3,18.67,105.90,planned,4G,mobile,Viettel,,\n"
    "s4,18.67,105.91,operational,4G,fixed_wireless,Viettel,,\n"
    's5,18.67,105.92,operational,"3G, 4G",mobile,"Viettel, MobiFone",,\n'
)
SERVICES = (
    "wireless_access_service_id,wireless_site_id,access_service_type,service_status,"
    "access_technologies,network_provider,latitude,longitude\n"
    'a1,s1,mobile,operational,"{lte,wifi}",Viettel,18.67,105.93\n'
    "a2,s1,mobile,operational,nr,VinaPhone,18.67,105.93\n"
)


def _giga(path: Path) -> None:
    found = read(path, "giga_sites", reach_m=1000.0)
    disc = pytest.approx(_disc_km2(1000), rel=1e-5)
    both = pytest.approx(2 * _disc_km2(1000), rel=1e-5)
    assert km2(found) == {"Viettel 2G": disc, "Viettel 4G": both, "VinaPhone 4G": disc}
    left = {one.kind: one.rows for one in found.findings if one.kind.startswith("sites-")}
    assert left == {"sites-idle": (4,), "sites-fixed": (5,), "sites-mixed": (6,)}
    assert {str(one.info.as_of) for one in found.layers} == {"2023-05-01", "2023-06-01"}


def _giga_services(path: Path) -> None:
    found = read(path, "giga_sites", reach_m=1000.0)
    disc = pytest.approx(_disc_km2(1000), rel=1e-5)
    assert km2(found) == {"VinaPhone 5G": disc, "Viettel 4G": disc}


def _without_places(text: str) -> str:
    return "\n".join(line.rsplit(",", 2)[0] for line in text.splitlines()) + "\n"


ARCEP = (
    "operateur;id;x;y;latitude;longitude;site_2g;site_3g;site_4g;site_5g\n"
    "Orange;1;652381,5;6862047,3;48,8566;2,3522;1;1;1;0\n"
    "Orange;2;662381,5;6862047,3;48,8570;2,4886;0;0;1;1\n"
)
LAMBERT = (
    "nom_op;x_lambert_93;y_lambert_93;site_2g;site_4g\n"
    "Free;652381.5;6862047.3;0;1\nFree;662381.5;6862047.3;0;1\n"
)


def _arcep(path: Path) -> None:
    found = read(path, "arcep_sites", reach_m=1000.0)
    # so far from the study's meridian its metres are no metres: only the counts are looked at
    assert {one.info.title: len(one.footprint) for one in found.layers} == {
        "Orange 2G": 1, "Orange 3G": 1, "Orange 4G": 2, "Orange 5G": 1,
    }  # fmt: skip


def _arcep_apart(path: Path) -> None:
    assert "places-differ" in kinds(read(path, "arcep_sites", reach_m=1000.0))


def _arcep_metres(path: Path) -> None:
    found = read(path, "arcep_sites", reach_m=1000.0)
    assert {one.info.title: len(one.footprint) for one in found.layers} == {"Free 4G": 2}


OWN = "Trạm;Nhà mạng;Công nghệ;Kinh độ;Vĩ độ\nNA1;Viettel;3G, 4G;105,68;18,67\n"


def _own(path: Path) -> None:
    found = read(path, "", kind="sites", reach_m=2000.0)
    assert km2(found) == {
        "Viettel 3G": pytest.approx(_disc_km2(2000), rel=1e-5),
        "Viettel 4G": pytest.approx(_disc_km2(2000), rel=1e-5),
    }


CASES = (
    Case(name="conventions-opencellid", make=_text("cells.csv", HEADER + CELLS), check=_cells),
    Case(name="conventions-opencellid-bare", make=_text("452.csv", CELLS), check=_cells),
    Case(name="conventions-opencellid-gzip", make=_packed, check=_cells),
    Case(name="conventions-opencellid-capped", make=_text("452.csv", CELLS), check=_capped),
    Case(
        name="conventions-opencellid-declared-all-the-same",
        make=_text("452.csv", CELLS),
        check=_declared_all_the_same,
    ),
    Case(
        name="conventions-opencellid-rate-limited",
        make=_text("452.csv", "RATE_LIMITED\n"),
        check=_refused,
        refused="OpenCelliD answered RATE_LIMITED",
    ),
    Case(
        name="conventions-opencellid-invalid-token",
        make=_text("452.csv.gz", '{"status":"error","message":"INVALID_TOKEN"}'),
        check=_refused,
        refused="OpenCelliD answered INVALID_TOKEN",
    ),
    Case(
        name="conventions-opencellid-header-alone",
        make=_text("452.csv", HEADER),
        check=_refused,
        refused="holds no rows",
    ),
    Case(
        name="conventions-opencellid-unknown-radio",
        make=_text("452.csv", CELLS + "CDMA,452,4,1,14,0,105.7,18.7,900,1,1,1,1,0\n"),
        check=_with_strange_radio,
    ),
    Case(
        name="conventions-opencellid-without-place-or-range",
        make=_text(
            "cells.csv",
            HEADER + CELLS + "LTE,452,4,1,15,0,1057,18.7,900,1,1,1,1,0\n"
            "LTE,452,4,1,16,0,105.7,18.7,0,1,1,1,1,0\n",
        ),
        check=_with_lost_places,
    ),
    Case(
        name="conventions-opencellid-networks-of-others",
        make=_text(
            "cells.csv",
            "GSM,620,2,30,13095,0,-0.439,5.7923,1000,4,1,1445070045,1740811328,0\n"
            "NR,452,77,30,13095,0,105.7,18.7,1000,4,1,1445070045,1740811328,0\n",
        ),
        check=_foreign,
    ),
    Case(name="conventions-itu-sites", make=_text("sites.csv", ITU), check=_itu),
    Case(
        name="conventions-itu-sites-without-reach",
        make=_text("sites.csv", ITU),
        check=_itu_without_reach,
        refused="set reach_m = …",
    ),
    Case(name="conventions-giga-sites", make=_text("sites.csv", GIGA), check=_giga),
    Case(
        name="conventions-giga-sites-of-services",
        make=_text("s.csv", SERVICES),
        check=_giga_services,
    ),
    Case(
        name="conventions-giga-sites-of-services-without-places",
        make=_text("s.csv", _without_places(SERVICES)),
        check=_giga_services,
        refused="join it with the table of sites by wireless_site_id",
    ),
    Case(name="conventions-arcep-sites", make=_text("sites.csv", ARCEP), check=_arcep),
    Case(
        name="conventions-arcep-sites-places-differ",
        make=_text("sites.csv", ARCEP.replace("2,3522", "2,5522")),
        check=_arcep_apart,
    ),
    Case(name="conventions-arcep-sites-lambert", make=_text("s.csv", LAMBERT), check=_arcep_metres),
    Case(name="conventions-own-list-of-sites", make=_text("tram.csv", OWN), check=_own),
)
