from __future__ import annotations

import re
from pathlib import Path

import pytest

from geodata.study.results import Run
from tests.tiny_study import IMAGE
from tests.ui.tiny_run import tiny_run
from ui.maps.folium_map import folium_map, write_html


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = write_html(run, tmp_path_factory.mktemp("map") / "map.html", language="vi")
    return path.read_text(encoding="utf-8")


def test_the_page_fetches_nothing(page: str) -> None:
    assert not re.findall(r"<script[^>]+src=", page)
    assert not re.findall(r"<link[^>]+href=", page)
    assert not re.findall(r"<img[^>]+src=[\"']?http", page)
    assert not re.findall(r"url\([\"']?(?!data:|#)", page)
    assert "L.tileLayer(" not in re.sub(r"<script>/\* @pres.*?</script>", "", page, flags=re.S)


def test_every_area_is_drawn(page: str) -> None:
    assert "Th\\u00e0nh ph\\u1ed1 Vinh" in page
    assert '"geometry": null' not in page


def test_names_are_shown_and_do_nothing(page: str) -> None:
    assert IMAGE not in page
    assert "document.title" in page
    assert "&lt;img" in page or "\\u0026lt;img" in page


@pytest.mark.heavy
def test_it_says_it_is_a_reconstruction_only_when_it_is(page: str, tmp_path: Path) -> None:
    assert "SỐ LIỆU MÔ PHỎNG" in page
    real = (
        folium_map(tiny_run(tmp_path / "s", reconstruction=False), language="en")
        .get_root()
        .render()
    )
    assert "SIMULATED DATA" not in real


def test_it_is_small(page: str) -> None:
    assert len(page) < 400_000


def test_it_makes_a_map_for_a_notebook(run: Run) -> None:
    assert "iframe" in folium_map(run, language="en")._repr_html_()


def test_it_writes_where_told(run: Run, tmp_path: Path) -> None:
    assert write_html(run, tmp_path / "m.html") == tmp_path / "m.html"
