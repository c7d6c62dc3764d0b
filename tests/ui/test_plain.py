from __future__ import annotations

import pytest

from ui.plain import code_span, escaped, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a b"),
        ("Xóm \u202egnuorg", "Xóm gnuorg"),
        ("\x00a\u200b", "a"),
        ("Bản Thẳm", "Bản Thẳm"),
    ],
)
def test_a_name_is_one_visible_line(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize("text", ["*a*", "[a](b)", "<b>", "$x$", ":red[x]", "# a", "`a`"])
def test_markdown_of_strangers_does_nothing(text: str) -> None:
    shown = escaped(text)
    assert shown.replace("\\", "") == text
    assert all(f"\\{mark}" in shown for mark in text if mark in "*[]()<>$:#`")


def test_an_address_that_is_shown_can_be_copied_and_is_no_link() -> None:
    assert code_span("a_b@example.org") == "`a_b@example.org`"
    assert code_span("a`[x](y)`b") == escaped("a`[x](y)`b")
    assert code_span("") == ""
