"""The notebooks: committed without outputs, and they run from the first cell to the last."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.folder import content

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped_and_nothing_is_defined(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not any("def " in cell.source or "class " in cell.source for cell in code)


@pytest.mark.province
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_finds_the_sixty_three_in_the_same_province(
    path: Path, province: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One seed gives one province: the notebook's, made in another process, is the command's."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    run = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(ROOT)}})
    done = run.execute()
    printed = "".join(
        output.get("text", "") for cell in done.cells for output in cell.get("outputs", [])
    )
    assert "3,743 of 3,806 covered; 63 uncovered" in printed
    shown = [
        output.data for cell in done.cells for output in cell.get("outputs", []) if "data" in output
    ]
    assert "leaflet" in shown[-1]["text/html"]
    (again,) = tmp_path.glob("*/nghe_an")
    made = content(again)
    assert made.pop("chua_co_song.xlsx")
    assert made == content(province)
