"""What the reader has chosen. It lives in the address, so that a link carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from ui.texts import DEFAULT_LANGUAGE, Language, language_of

Parameter = Literal["lang", "district", "village"]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The language, the code of the area (empty: all of it) and the village's id."""

    language: Language
    area: str
    village: str


def current() -> Choices:
    """The choices in the address of this session."""
    query = st.query_params
    return Choices(
        language=language_of(query.get("lang", DEFAULT_LANGUAGE)),
        area=query.get("district", ""),
        village=query.get("village", ""),
    )


def choose(parameter: Parameter, value: str) -> None:
    """Put one choice into the address; the empty one leaves it."""
    if value:
        st.query_params[parameter] = value
    else:
        st.query_params.pop(parameter, None)


def choose_area(code: str) -> None:
    """Go to another area; a village chosen before stays behind."""
    choose("district", code)
    choose("village", "")
