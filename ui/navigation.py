"""The pages that there are."""

from __future__ import annotations

from ui.frame import PageEntry
from ui.screens import area, data, five_g, gaps, method, overview, rule
from ui.texts import marked as _

PAGES = (
    PageEntry(path="", title=_("Overview"), icon=":material/dashboard:", show=overview.show),
    PageEntry(
        path="gaps",
        title=_("Villages without signal"),
        icon=":material/signal_cellular_off:",
        show=gaps.show,
        narrows=True,
        above=gaps.above,
        above_fields=("name",),
    ),
    PageEntry(path="area", title=_("My area"), icon=":material/home_pin:", show=area.show),
    PageEntry(path="5g", title=_("5G"), icon=":material/5g:", show=five_g.show),
    PageEntry(path="rule", title=_("Rule"), icon=":material/tune:", show=rule.show, aside=True),
    PageEntry(
        path="data", title=_("Data"), icon=":material/upload_file:", show=data.show, aside=True
    ),
    PageEntry(
        path="method", title=_("Method"), icon=":material/menu_book:", show=method.show, aside=True
    ),
)
"""By their paths in the address, in the order of the navigation."""
