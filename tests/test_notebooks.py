"""The notebooks: committed without outputs, and they run from the first cell to the last."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.folder import content
from tests.kept import Kept

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped_and_nothing_is_defined(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not any("def " in cell.source or "class " in cell.source for cell in code)


KEPT = """
import shutil
import geodata
def reconstruct(folder, **_):
    shutil.copytree({kept!r}, folder)
    return folder / "study.toml"
geodata.reconstruct = reconstruct
"""
"""Run before a notebook whose province an earlier run has made already, from the same sources."""


@pytest.mark.province
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_finds_the_sixty_three_in_the_same_province(
    path: Path, kept: Kept, province: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One seed gives one province: the notebook's, made in another process, is the command's.

    That is seen once for each state of the sources; later runs walk through the same province.
    """
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    printed: list[str] = []

    def walk(before: str = "") -> Path:
        """The province's folder in the end, with the list exported into it."""
        notebook = nbformat.read(path, as_version=4)
        if before:
            notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
        run = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(ROOT)}})
        cells = run.execute().cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        printed.append("".join(output.get("text", "") for output in outputs))
        shown = [output.data for output in outputs if "data" in output]
        assert "leaflet" in shown[-1]["text/html"]
        (made,) = tmp_path.glob("*/nghe_an")
        (made / "chua_co_song.xlsx").unlink()
        return made

    def make(folder: Path) -> None:
        shutil.copytree(walk(), folder)

    made = kept.folder(path.stem, make, more=path.read_text(encoding="utf-8"))
    if not printed:
        walk(KEPT.format(kept=str(made)))
    assert "3,743 of 3,806 covered; 63 uncovered" in printed[-1]
    assert content(made) == content(province)
