"""The command line about studies made in the browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ui.test_command import call
from ui import studies
from ui.sharing import FILE, Sharing, read_sharing

OWNERS = {
    "first-0": Sharing(owner="email:maker@example.org", people=("friend@example.org",)).text(),
    "second-0": Sharing(owner="browser:0123", everybody=True).text(),
    "third-0": "{",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "studies"
    monkeypatch.setenv(studies.STUDIES_VARIABLE, str(home))
    for slug, held in OWNERS.items():
        (home / slug).mkdir(parents=True)
        name = slug.removesuffix("-0")
        (home / slug / "study.toml").write_text(f'name = "The {name}"\n', "utf-8")
        (home / slug / FILE).write_text(held, "utf-8")
    return home


def test_studies_are_listed_with_owner_and_people(home: Path) -> None:
    head, *lines = call("studies").stdout.splitlines()
    assert head == f"3 made in the browser, in {home}"
    assert lines == [
        "first-0  The first; of maker@example.org; open to friend@example.org",
        "second-0  The second; of browser:0123; open to everybody",
        "third-0  The third; without an owner; shared with nobody",
    ]
    assert "không có chủ" in call("studies", language="vi").stdout
    told = json.loads(call("studies", "--json").stdout)
    assert told["folder"] == str(home)
    assert [one["owner"] for one in told["studies"]] == ["maker@example.org", "browser:0123", None]
    assert told["studies"][0]["people"] == ["friend@example.org"]


@pytest.mark.parametrize("slug", OWNERS)
def test_a_study_is_handed_over_whosever_it_was(home: Path, slug: str) -> None:
    done = call("studies", "--hand-over", slug, " New@Example.org")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{slug} belongs to new@example.org now\n3 made")
    held = read_sharing(home / slug)
    assert held is not None
    assert held.owner == "email:new@example.org"
    assert held.everybody is (slug == "second-0")


def test_a_study_is_deleted(home: Path) -> None:
    done = call("studies", "--delete", "third-0")
    assert done.stdout.startswith("third-0 is deleted\n2 made")
    assert sorted(one.name for one in home.iterdir()) == ["first-0", "second-0"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--hand-over", "none", "a@example.org"), "there is no study none"),
        (("--hand-over", "../studies/first-0", "a@example.org"), "there is no study"),
        (("--hand-over", "first-0", "a"), "a is no e-mail address"),
        (("--delete", ""), "there is no study"),
        (("--delete", "first-0", "--hand-over", "first-0", "a@example.org"), "two calls"),
    ],
)
def test_wrong_calls_change_nothing(home: Path, words: tuple[str, ...], told: str) -> None:
    done = call("studies", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert {slug: (home / slug / FILE).read_text("utf-8") for slug in OWNERS} == OWNERS
