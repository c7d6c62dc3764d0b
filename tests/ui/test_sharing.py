"""Studies made in the browser are their maker's until shared."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from geodata import incoming
from geodata.access import EVERYTHING, Rights
from geodata.errors import CallError, DataError
from geodata.incoming import studies_in
from geodata.study.results import Run
from tests.full_disk import full_disk
from tests.tiny_study import write_study
from tests.ui.tiny_run import open_page
from ui import sharing, studies, text_page
from ui.screens import data, own_study
from ui.sharing import FILE, Sharing, is_open_to, open_slug, open_studies
from ui.variables import STUDY_VARIABLE
from ui.visitor import NOBODY, Visitor

FULL = Rights(may_change_rules=True, may_change_data=True)
LOOKS = Rights(may_change_rules=False, may_change_data=False)
PART = Rights(districts=frozenset({"417"}), may_change_rules=False, may_change_data=False)
MAKER = Visitor(name="email:maker@example.org", rights=FULL)
FRIEND = Visitor(name="email:friend@example.org", rights=PART)
OTHER = Visitor(name="email:other@example.org", rights=FULL)
SLUG = "nine-0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a study that the maker has just made."""
    monkeypatch.setenv(studies.STUDIES_VARIABLE, str(tmp_path / "studies"))
    folder = tmp_path / "studies" / SLUG
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text('schema = 1\nname = "Nine"\n', "utf-8")
    (folder / FILE).write_text(Sharing(owner=MAKER.name).text(), "utf-8")
    return tmp_path / "studies"


def _opening() -> list[str]:
    return [one.name for one in (MAKER, FRIEND, OTHER, NOBODY) if open_slug(SLUG, one)]


@pytest.mark.usefixtures("home")
def test_a_study_opens_for_its_maker_then_for_people_then_for_all() -> None:
    assert _opening() == [MAKER.name]
    sharing.share(SLUG, MAKER, people=(" Friend@Example.org ", ""), everybody=False)
    assert _opening() == [MAKER.name, FRIEND.name]
    sharing.share(SLUG, MAKER, people=(), everybody=True)
    assert _opening() == [MAKER.name, FRIEND.name, OTHER.name]
    sharing.share(SLUG, MAKER, people=(), everybody=False)
    assert _opening() == [MAKER.name]


@pytest.mark.usefixtures("home")
def test_to_anybody_else_it_answers_as_if_there_were_none() -> None:
    assert open_slug(SLUG, OTHER) == open_slug("no-such-study", OTHER) == ""
    assert studies.made_folder("..") is studies.made_folder("") is None
    assert studies.made_folder(f"../studies/{SLUG}") is None


@pytest.mark.usefixtures("home")
def test_only_its_maker_renames_shares_and_deletes_it() -> None:
    for visitor in (OTHER, FRIEND, NOBODY, Visitor(name="", rights=EVERYTHING)):
        for change in (
            lambda who=visitor: sharing.rename(SLUG, who, "x"),
            lambda who=visitor: sharing.share(SLUG, who, people=(), everybody=True),
            lambda who=visitor: sharing.delete(SLUG, who),
        ):
            with pytest.raises(CallError, match="only who made a study"):
                change()
    assert _opening() == [MAKER.name]


def test_a_name_changes_and_the_address_stays(home: Path) -> None:
    sharing.rename(SLUG, MAKER, 'Ten \\1 "villages"')
    assert studies_in(home) == {SLUG: 'Ten \\1 "villages"'}
    assert (home / SLUG / "study.toml").read_text("utf-8").startswith("schema = 1\n")
    with pytest.raises(DataError, match="no name"):
        sharing.rename(SLUG, MAKER, " ")


def test_what_is_deleted_is_gone_with_its_files(home: Path) -> None:
    sharing.delete(SLUG, MAKER)
    assert list(home.iterdir()) == []
    assert _opening() == []


@pytest.mark.usefixtures("home")
def test_who_it_is_shared_with_is_an_address_and_not_too_many() -> None:
    with pytest.raises(CallError, match="no e-mail address"):
        sharing.share(SLUG, MAKER, people=("friend",), everybody=False)
    many = tuple(f"{k}@example.org" for k in range(101))
    with pytest.raises(CallError, match="at most 100"):
        sharing.share(SLUG, MAKER, people=many, everybody=False)


def test_the_list_names_ones_own_and_what_is_shared_to_who_sees_all(home: Path) -> None:
    assert open_studies(MAKER) == {SLUG: "Nine"}
    assert open_studies(OTHER) == {}
    sharing.share(SLUG, MAKER, people=(), everybody=True)
    assert open_studies(OTHER) == {SLUG: "Nine"}
    assert open_studies(FRIEND) == {}  # a name may tell of other districts
    (home / SLUG / FILE).write_text(Sharing(owner=FRIEND.name).text(), "utf-8")
    assert open_studies(FRIEND) == {SLUG: "Nine"}


def test_a_study_without_an_owner_is_everybodys_where_nobody_signs_in(home: Path) -> None:
    folder = home / SLUG
    (folder / FILE).unlink()
    assert is_open_to(folder, Visitor(name="", rights=EVERYTHING))
    assert is_open_to(folder, OTHER)
    assert not is_open_to(folder, Visitor(name="email:l", rights=LOOKS))
    assert not is_open_to(folder, FRIEND)
    assert not is_open_to(folder, NOBODY)


BROKEN = ("", "{}", "[]", '{"owner": 1, "people": 3, "everybody": true}')
BY_BROWSER = Sharing(owner="browser:0123").text()


@pytest.mark.parametrize("held", [*BROKEN, BY_BROWSER])
def test_one_whose_owner_cannot_sign_in_is_for_who_sees_all_and_may_change_data(
    home: Path, held: str
) -> None:
    (home / SLUG / FILE).write_text(held, "utf-8")
    assert _opening() == [MAKER.name, OTHER.name]
    assert open_slug(SLUG, Visitor(name="email:l", rights=LOOKS)) == ""
    assert open_slug(SLUG, Visitor(name="", rights=EVERYTHING)) == "", "where nobody signs in"
    with pytest.raises(CallError, match="only who made a study"):
        sharing.delete(SLUG, Visitor(name="email:l", rights=LOOKS))
    sharing.share(SLUG, OTHER, people=("friend@example.org",), everybody=False)
    assert _opening() == [MAKER.name, FRIEND.name, OTHER.name]
    sharing.delete(SLUG, OTHER)
    assert studies_in(home) == {}


@pytest.mark.parametrize("error", [PermissionError(13, "denied"), OSError(5, "I/O")])
def test_a_record_that_cannot_be_read_is_nobodys_until_it_can(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    read = Path.read_text

    def shut(path: Path, *args: str) -> str:
        if path.name == FILE:
            raise error
        return read(path, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", shut)
        assert _opening() == []
    assert _opening() == [MAKER.name]
    assert home.exists()


def test_a_browser_owns_what_it_made_where_nobody_signs_in(home: Path) -> None:
    mine, theirs = (Visitor(name=f"browser:{k}", rights=EVERYTHING) for k in "ab")
    (home / SLUG / FILE).write_text(Sharing(owner=mine.name).text(), "utf-8")
    assert open_slug(SLUG, mine) == SLUG
    assert open_slug(SLUG, theirs) == ""
    assert open_slug(SLUG, Visitor(name="", rights=EVERYTHING)) == ""


def test_the_text_page_of_anothers_study_is_that_of_the_servers_own(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STUDY_VARIABLE, str(write_study(tmp_path / "own")))
    asked: list[str] = []

    def opened(slug: str, *, rights: Rights) -> None:  # noqa: ARG001  # as `open_study` has it
        asked.append(slug)
        raise CallError("stop here")

    monkeypatch.setattr(studies, "open_study", opened)
    cookie = "0123456789abcdef" * 4
    mine = text_page.visitor_of({"phusong_visitor": cookie})
    (home / SLUG / FILE).write_text(Sharing(owner=mine.name).text(), "utf-8")
    for headers in ([], [(b"cookie", f"phusong_visitor={cookie}".encode())]):
        query = f"study={SLUG}".encode()
        scope = {"type": "http", "query_string": query, "headers": headers}
        text_page._answer(text_page.Request(scope))
    assert asked == ["", SLUG]


@pytest.fixture
def on_data(home: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> AppTest:  # noqa: ARG001  # where the study is
    """The page Data with the study open, for its maker."""
    for module in (data, own_study):
        monkeypatch.setattr(module, "current_visitor", lambda: MAKER)
    return open_page(monkeypatch, run, "data", lang="en", study=SLUG)


def _press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def test_on_the_page_its_maker_renames_shares_and_deletes_it(home: Path, on_data: AppTest) -> None:
    app = on_data
    assert not app.exception
    next(one for one in app.text_input if one.label == "Name of the study").set_value("Ten")
    _press(app, "Rename")
    assert studies_in(home) == {SLUG: "Ten"}
    app.radio[0].set_value("people")
    addresses = "E-mail addresses, with commas"
    next(one for one in app.text_input if one.label == addresses).set_value("friend@example.org")
    _press(app, "Save who may open it")
    assert _opening() == [MAKER.name, FRIEND.name]
    app.radio[0].set_value("all")
    _press(app, "Save who may open it")
    assert _opening() == [MAKER.name, FRIEND.name, OTHER.name]
    next(one for one in app.text_input if one.label == "Name of the study").set_value(" ")
    assert "no name" in _press(app, "Rename").error[0].value
    _press(app, "Delete now")
    assert not app.exception
    assert studies_in(home) == {}
    assert "study" not in app.query_params


def test_a_study_that_is_being_made_or_deleted_is_in_no_list(home: Path) -> None:
    for name in (f".deleted-{SLUG}", ".unfinished-x"):
        shutil.copytree(home / SLUG, home / name)
        (home / name / FILE).unlink(missing_ok=True)
    assert list(studies_in(home)) == [SLUG]


def _gone(_: Path) -> str:
    raise FileNotFoundError(2, "No such file or directory")


@pytest.mark.parametrize(
    "body", [None, b'name = "\xff"\n'], ids=["a folder, or gone", "not in UTF-8"]
)
def test_a_study_file_that_cannot_be_read_takes_no_other_out_of_the_list(
    home: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    body: bytes | None,
) -> None:
    broken = home / "broken-0" / "study.toml"
    broken.parent.mkdir()
    broken.write_bytes(body or b"")
    if body is None:
        read = Path.read_text
        monkeypatch.setattr(
            Path,
            "read_text",
            lambda path, *args, **named: (
                _gone(path) if path == broken else read(path, *args, **named)
            ),
        )
    assert studies_in(home) == {SLUG: "Nine"}
    assert "broken-0" in caplog.text


def test_study_files_of_strangers_are_not_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    read = incoming._name_in
    monkeypatch.setattr(
        incoming, "_name_in", lambda file: looked_at.append(file.parent.name) or read(file)
    )
    assert open_studies(OTHER) == {}
    assert looked_at == []
    assert open_studies(MAKER) == {SLUG: "Nine"}
    assert looked_at == [SLUG]
    assert home.exists()


CHANGES: dict[str, Callable[[], None]] = {
    "rename": lambda: sharing.rename(SLUG, MAKER, "Ten"),
    "share": lambda: sharing.share(SLUG, MAKER, people=(), everybody=True),
    "hand over": lambda: sharing.hand_over(SLUG, "x@example.org"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_on_a_full_disk_a_study_stays_as_it_is_and_that_is_a_sentence(
    home: Path, change: Callable[[], None]
) -> None:
    folder = home / SLUG
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    with full_disk(), pytest.raises(CallError, match="the disk is full"):
        change()
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


@pytest.mark.parametrize("error", [PermissionError(13, "in use"), OSError(28, "No space left")])
def test_a_study_whose_folder_is_in_use_is_not_deleted_and_that_is_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(CallError, match="in use or locked"):
        sharing.delete(SLUG, MAKER)
    assert studies_in(home) == {SLUG: "Nine"}


def test_on_the_page_a_full_disk_is_one_sentence(home: Path, on_data: AppTest) -> None:
    app = on_data
    app.radio[0].set_value("all")
    with full_disk():
        _press(app, "Save who may open it")
    assert not app.exception
    assert [one.value for one in app.error if "the disk is full" in one.value] == [
        one.value for one in app.error
    ]
    assert len(app.error) == 1
    assert _opening() == [MAKER.name]
    assert home.exists()


def test_who_manages_a_study_without_an_owner_is_told_that_it_has_none(
    home: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    (home / SLUG / FILE).write_text(BY_BROWSER, "utf-8")
    for module in (data, own_study):
        monkeypatch.setattr(module, "current_visitor", lambda: OTHER)
    app = open_page(monkeypatch, run, "data", lang="en", study=SLUG)
    assert [one.label for one in app.expander if "without an owner" in one.label]
    _press(app, "Delete now")
    assert studies_in(home) == {}
