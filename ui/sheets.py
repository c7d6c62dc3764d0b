"""The area sheet of a view: for the page, its files and its text twin."""

from __future__ import annotations

from geodata.export.sheet import AreaSheet, area_sheet
from geodata.study.places import former_places
from ui.view import View


def sheet_of(view: View) -> AreaSheet:
    """The sheet of the area that a view has chosen."""
    opened, t = view.opened, view.t
    former = former_places(opened.structures, view.structure, opened.run.study.as_of)
    changes = opened.changes()
    ids = [str(key) for key in view.in_area.index[view.in_area]]
    follow_up = opened.follow_up()
    parent = ""
    if view.area_level == "commune":
        parents = view.structure.places.loc[view.in_area, "district"]
        parent = str(parents.iloc[0]) if len(parents) else ""
    return area_sheet(
        view.run,
        view.in_area,
        unit=view.area_name,
        parent=parent,
        places=view.structure.places,
        former=former,
        changes=None if changes is None or view.is_variant else changes.cut(ids),
        follow_up=follow_up if "note" in follow_up else None,
        rule_title=t(view.rule.title),
        language=t.language,
        picture=opened.picture,
    )
