from __future__ import annotations

import gzip

import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from geodata.sandbox import LostError
from tests.ui.asgi import get
from ui.maps.assets import Asset, AssetStore, package_files, program_files
from ui.maps.routes import FOREVER, PRIVATE, map_routes, prefix


@pytest.fixture
def store() -> AssetStore:
    return AssetStore()


def _app(store: AssetStore, base: str = "") -> Starlette:
    def may_read(request: Request, asset: Asset) -> bool:
        return request.query_params.get("key") == (asset.audience or asset.study)

    routes = map_routes(store, base_path=lambda: base, may_read=may_read)
    return Starlette(routes=routes)


def test_an_asset_is_served_compressed_and_for_ever(store: AssetStore) -> None:
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b'{"a":1}')
    answer = get(_app(store), f"/{asset.path}")
    assert answer.status == 200
    assert answer.content == b'{"a":1}'
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == FOREVER
    assert "immutable" in FOREVER


def test_an_asset_of_a_study_is_for_who_may_open_that(store: AssetStore) -> None:
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}", study="nine-0")
    public = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}")
    assert asset.path != public.path
    assert get(_app(store), f"/{asset.path}").status == 403
    answer = get(_app(store), f"/{asset.path}", query="key=nine-0")
    assert answer.content == b"{}"
    assert answer.headers["cache-control"] == PRIVATE


def test_an_asset_that_is_taken_away_while_it_is_drawn_does_not_leave(store: AssetStore) -> None:
    open_to = ["me"]

    def draw() -> bytes:
        open_to.clear()
        return b"{}"

    asset = store.publish("a.json", made_of=[b"x"], make=draw, audience="me")
    routes = map_routes(
        store, base_path=lambda: "", may_read=lambda _, asset: asset.audience in open_to
    )
    assert get(Starlette(routes=routes), f"/{asset.path}").status == 403


def test_a_private_asset_is_for_its_audience_alone(store: AssetStore) -> None:
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}", audience="me")
    public = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}")
    assert get(_app(store), f"/{asset.path}").status == 403
    assert get(_app(store), f"/{asset.path}", query="key=you").status == 403
    answer = get(_app(store), f"/{asset.path}", query="key=me")
    assert answer.status == 200
    assert answer.headers["cache-control"] == PRIVATE
    assert get(_app(store), f"/{public.path}").status == 200


def test_a_client_without_gzip_gets_the_bytes(store: AssetStore) -> None:
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}")
    answer = get(_app(store), f"/{asset.path}", encoding="identity")
    assert answer.body == b"{}"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", ["0" * 32 + "/a.json", "../../etc/passwd", "x/../../app.py"])
def test_a_wrong_hash_is_not_found(store: AssetStore, path: str) -> None:
    assert get(_app(store), f"/map-data/{path}").status == 404


def test_the_right_hash_under_another_name_is_not_found(store: AssetStore) -> None:
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}")
    assert get(_app(store), f"/map-data/{asset.digest}/b.json").status == 404


@pytest.mark.parametrize("base", ["coverage", "/coverage/", "a/b"])
def test_a_prefix_is_honoured(store: AssetStore, base: str) -> None:
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}")
    app = _app(store, base)
    assert get(app, f"{prefix(base)}/{asset.path}").status == 200
    assert get(app, f"/{asset.path}").status == 404
    assert get(app, f"/other/{asset.path}").status == 404
    assert get(_app(store), f"{prefix(base)}/{asset.path}").status == 404


def test_the_address_follows_the_content_and_nothing_else(store: AssetStore) -> None:
    one = store.publish("a.json", made_of=[b"ab", b"c"], make=lambda: b"1")
    same = store.publish("a.json", made_of=[b"ab", b"c"], make=lambda: b"1")
    other = store.publish("a.json", made_of=[b"a", b"bc"], make=lambda: b"2")
    assert one is same
    assert one.digest != other.digest


def test_an_asset_goes_when_nobody_holds_it(store: AssetStore) -> None:
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}")
    digest = asset.digest
    assert store.find(digest, "a.json") is asset
    del asset
    assert store.find(digest, "a.json") is None


def test_an_asset_is_made_once(store: AssetStore) -> None:
    calls: list[int] = []

    def make() -> bytes:
        calls.append(1)
        return b"{}"

    asset = store.publish("a.json", made_of=[b"x"], make=make)
    assert asset.body == asset.body == gzip.decompress(asset.compressed)
    assert calls == [1]


def test_leaflet_and_its_pictures_come_from_the_package() -> None:
    files = package_files("xstatic-leaflet")
    assert b"Leaflet" in files["leaflet.js"][:200]
    assert "images/layers.png" in files
    together = {program_files()[name].digest for name in ("leaflet.css", "images/layers.png")}
    assert len(together) == 1


def test_our_own_script_names_no_outside_host() -> None:
    for name in ("map.js", "scene.js", "panel.js", "labels.js", "shapes.js", "map.css"):
        body = program_files()[name].body
        assert b"http:" not in body
        assert b"https:" not in body
        assert b"innerHTML" not in body


def test_what_cannot_be_drawn_is_an_answer_that_nobody_keeps_and_the_next_is_served(
    store: AssetStore,
) -> None:
    def lost() -> bytes:
        raise LostError("{file} could not be read", file="Nine")

    asset = store.publish("a.json", made_of=[b"x"], make=lost)
    answer = get(_app(store), f"/{asset.path}")
    assert answer.status == 503
    assert answer.headers["cache-control"] == "no-store"
    assert b"Nine" not in answer.body
    other = store.publish("b.json", made_of=[b"x"], make=lambda: b"{}")
    assert get(_app(store), f"/{other.path}").status == 200
