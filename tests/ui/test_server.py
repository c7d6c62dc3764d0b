"""How the server is started, and what of Streamlit's own files it compresses."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from geodata.errors import GeodataError
from tests.ui.asgi import get
from ui import server
from ui.compress import FOREVER, STATIC, CompressedStatic, compressed
from ui.server import APP, arguments, environment, is_headless
from ui.studies import STUDY_VARIABLE
from ui.variables import SETTINGS_VARIABLE


def test_by_itself_it_serves_this_machine_alone() -> None:
    told = arguments(port=8501, headless=True)
    assert told[:5] == [sys.executable, "-m", "streamlit", "run", str(APP)]
    assert told[5:] == [
        "--server.address=127.0.0.1",
        "--server.port=8501",
        "--server.headless=true",
        "--server.showEmailPrompt=false",
        "--server.maxUploadSize=200",
        "--browser.gatherUsageStats=false",
        "--browser.serverAddress=127.0.0.1",
    ]


def test_an_address_a_path_and_secrets_are_passed_on(tmp_path: Path) -> None:
    told = arguments(
        port=80,
        headless=False,
        address="0.0.0.0",  # noqa: S104  # what is asked for
        base_path="/map/",
        secrets=tmp_path / "s.toml",
    )
    assert told[5:-1] == [
        "--server.address=0.0.0.0",
        "--server.port=80",
        "--server.headless=false",
        "--server.showEmailPrompt=false",
        "--server.maxUploadSize=200",
        "--browser.gatherUsageStats=false",
        "--browser.serverAddress=0.0.0.0",
        "--server.baseUrlPath=map",
    ]
    assert told[-1] == f"--secrets.files={(tmp_path / 's.toml').resolve()}"


def test_it_is_told_of_its_study_and_of_who_may_see_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    monkeypatch.setenv("KEPT", "yes")
    told = environment(tmp_path / "study")
    assert (told[STUDY_VARIABLE], told["KEPT"]) == (str((tmp_path / "study").resolve()), "yes")
    assert SETTINGS_VARIABLE not in told
    settings = tmp_path / "settings.toml"
    with pytest.raises(GeodataError):
        environment(tmp_path, settings=settings)
    monkeypatch.setenv(SETTINGS_VARIABLE, f" {settings} ")
    with pytest.raises(GeodataError):
        environment(tmp_path)
    settings.write_text(f'[access]\nsecret = "{"s" * 32}"\n', "utf-8")
    assert environment(tmp_path)[SETTINGS_VARIABLE] == f" {settings} "
    assert environment(tmp_path, settings=settings)[SETTINGS_VARIABLE] == str(settings.resolve())


@pytest.mark.parametrize(
    ("platform", "shown", "headless"),
    [
        ("win32", {}, False),
        ("darwin", {}, False),
        ("linux", {}, True),
        ("linux", {"DISPLAY": ":0"}, False),
        ("linux", {"WAYLAND_DISPLAY": "w"}, False),
    ],
)
def test_a_browser_opens_where_there_is_a_desktop(
    monkeypatch: pytest.MonkeyPatch, platform: str, shown: dict[str, str], headless: bool
) -> None:
    monkeypatch.setattr(server.sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in shown.items():
        monkeypatch.setenv(name, value)
    assert is_headless() is headless


SCRIPT = next(path for path in sorted((STATIC / "js").glob("*.js")))


def test_streamlits_scripts_go_out_gzipped_for_ever() -> None:
    app = Starlette(middleware=[Middleware(CompressedStatic)])
    answer = get(app, f"/base/static/js/{SCRIPT.name}")
    assert answer.status == 200
    assert answer.content == SCRIPT.read_bytes()
    del answer.headers["content-length"]
    assert answer.headers == {
        "content-encoding": "gzip",
        "cache-control": "public, max-age=31536000, immutable",
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "content-type": "text/javascript; charset=utf-8",
    }
    assert FOREVER == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("path", "encoding"),
    [
        (f"/static/js/{SCRIPT.name}", "br"),
        (f"/other/js/{SCRIPT.name}", "gzip"),
        ("/static/js/nothing.js", "gzip"),
        ("/static/../index.html", "gzip"),
        ("/static/../../__init__.py", "gzip"),
    ],
)
def test_anything_else_passes_by(path: str, encoding: str) -> None:
    app = Starlette(middleware=[Middleware(CompressedStatic)])
    assert get(app, path, encoding=encoding).status == 404


def test_only_files_of_the_folder_and_of_known_kinds_are_compressed() -> None:
    body = compressed(f"js/{SCRIPT.name}")
    assert body is not None
    assert gzip.decompress(body) == SCRIPT.read_bytes()
    assert body == gzip.compress(SCRIPT.read_bytes(), compresslevel=6, mtime=0)
    assert [compressed(name) for name in ("", "js", "../index.html", "js/x.js")] == [None] * 4


ROOT = APP.parent
CLOSED = {
    "client.allowedOrigins": [],
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "browser.gatherUsageStats": False,
    "server.address": "127.0.0.1",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 200,
    "global.developmentMode": False,
}
"""Else Streamlit's hosts might tell a page what to do, and pages would show faults."""

ASK = """
import json, sys
from streamlit import config
from streamlit.web import bootstrap
config._main_script_path = sys.argv[1]
bootstrap.load_config_options({})
print(json.dumps({name: config.get_option(name) for name in sys.argv[2:]}))
"""


def test_an_installed_package_is_as_closed_as_the_repository(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    installed, elsewhere = tmp_path / "site-packages", tmp_path / "home"
    elsewhere.mkdir()
    for source, place in wheel["force-include"].items():
        (installed / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, installed / place)
    asked = [sys.executable, "-c", ASK, str(installed / "app.py"), *CLOSED]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    said = subprocess.run(  # noqa: S603  # our own interpreter and words
        asked, cwd=elsewhere, env={**kept, "HOME": str(elsewhere)}, capture_output=True, check=True
    )
    assert json.loads(said.stdout) == CLOSED
