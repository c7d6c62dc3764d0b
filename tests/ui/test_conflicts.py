"""Conflicts between measurements and layers: on the command line and on the page."""

from __future__ import annotations

import json
from pathlib import Path

from tests import drives, folder
from tests.ui.test_command import call


def test_conflicts_are_printed_ranked_with_their_numbers(tmp_path: Path) -> None:
    planted = drives.plant(folder.write(tmp_path / "study")).parent
    done = call("conflicts", planted, "-o", tmp_path / "list.csv")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("3 conflicts: 2 declared served and measured below, 1 declared not")
    assert lines[3].strip() == "1 Xóm 4, Xã 1, Thành phố Vinh [v4]"
    assert lines[4].strip().startswith("Alpha 4G: declared served; 20 of 20 samples below, 100")
    assert "interval 84 % to 100 %" in lines[4]
    assert lines[4].endswith("measured on 02 September 2023. The verdict hangs on it.")
    assert (tmp_path / "list.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    vi = call("conflicts", planted, language="vi").stdout
    assert vi.startswith("3 mâu thuẫn: 2 nơi công bố có sóng nhưng đo không đạt")
    assert "Alpha 4G: công bố có sóng; 20/20 mẫu không đạt" in vi


def test_conflicts_as_json_and_what_is_refused(tmp_path: Path) -> None:
    planted = drives.plant(folder.write(tmp_path / "planted")).parent
    found = json.loads(call("conflicts", planted, "--json").stdout)
    assert (found["conflicts"], found["measurements"], found["compared"]) == (3, 83, 83)
    ranked = [row for row in found["comparisons"] if row["rank"] is not None]
    assert [row["village_id"] for row in ranked] == ["v4", "v1", "v9"]
    assert (ranked[0]["first"], ranked[0]["filed"]) == ("2023-09-02", "2023-08-30")
    bare = call("conflicts", folder.write(tmp_path / "bare"))
    assert bare.exit_code == 2
    assert "the study names no measurements" in bare.stderr
    wrong = call("conflicts", planted, "-o", tmp_path / "list.pdf")
    assert (wrong.exit_code, "csv, xlsx" in wrong.stderr) == (2, True)
