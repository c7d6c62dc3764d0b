"""Pictures of every page as people see it: ``python -m tests.e2e.screenshots docs/img``.

Desktop and phone, in both languages, of the built-in study or of ``--study DIR``.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

import geodata
from geodata.study.places import structures_of
from tests.e2e.browsing import DESKTOP, PHONE, READY, browsing, context_of, serving
from ui.studies import built_in_study

SIZES = {"desktop": (DESKTOP[0], 1000), "phone": PHONE}
LONGEST_PHONE = 1750
SETTLE_MS = 1200
COLOURS = 200
WITH_MAP = ("overview", "gaps", "village", "5g", "rule")
HEIGHT = "document.querySelector('[data-testid=stMain]').scrollHeight"


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--study", type=Path)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    study = asked.study or built_in_study()
    paths = _paths(study)
    with serving(study) as address, sync_playwright() as playwright, browsing(playwright) as chrome:
        for language in ("vi", "en"):
            for size, pixels in SIZES.items():
                with context_of(chrome, pixels) as context:
                    page = context.new_page()
                    for name, path in paths.items():
                        mark = "&" if "?" in path else "?"
                        page.goto(f"{address}{path}{mark}lang={language}")
                        _take(page, asked.folder / f"{name}_{size}_{language}.png", name)


def _paths(study: Path) -> Mapping[str, str]:
    """Where each page is, on a village and a commune worth looking at."""
    opened = geodata.open_study(study)
    run = geodata.latest_run(opened) or geodata.assess_study(opened, publish=True)
    verdicts = run.assessment.verdicts["verdict"]
    weak = verdicts.index[verdicts == "weak"]
    newest = structures_of(run.study)[-1]
    communes = newest.places.loc[verdicts.isin(("weak", "none")), "commune_code"]
    commune = communes.value_counts().index[0]
    village = next(key for key in weak if newest.places.loc[key, "commune_code"] == commune)
    district = run.study.villages.loc[village, "district_code"]
    return {
        "overview": "",
        "gaps": "gaps",
        "village": f"gaps?district={district}&village={village}",
        "area": f"area?units={newest.valid_from.isoformat()}&commune={commune}",
        "5g": "5g",
        "rule": "rule?try=covered_share:0.4",
        "data": "data",
        "method": "method",
    }


def _take(page: Page, path: Path, name: str) -> None:
    """One picture: a phone's is as long as the page, up to a length."""
    page.wait_for_selector(READY if name in WITH_MAP else "[data-testid=stCaptionContainer]")
    page.wait_for_timeout(SETTLE_MS)
    width = PHONE[0]
    if page.viewport_size and page.viewport_size["width"] == width:
        long = min(int(page.evaluate(HEIGHT)) + 20, LONGEST_PHONE)
        page.set_viewport_size({"width": width, "height": long})
        page.wait_for_timeout(SETTLE_MS)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS).save(path, optimize=True)
    if page.viewport_size and page.viewport_size["width"] == width:
        page.set_viewport_size({"width": width, "height": PHONE[1]})
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
