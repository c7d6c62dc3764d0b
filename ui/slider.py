"""A slider that tells every step at once: Streamlit's own waits a fifth of a second."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

_CSS = """
label { display: block; font: 14px/1.5 "Source Sans", system-ui, sans-serif; color: #14283c; }
.row { display: flex; align-items: center; gap: 12px; }
input { flex: 1 1 auto; min-width: 80px; height: 28px; accent-color: #1c568a; }
output { min-width: 3.4em; text-align: right; font-weight: 600; }
"""

_JS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const input = parentElement.querySelector("input");
  const output = parentElement.querySelector("output");
  const text = (value) => data.format.replace("{n}", value);
  parentElement.querySelector("span").textContent = data.label;
  input.setAttribute("aria-label", data.label);
  Object.assign(input, { min: data.least, max: data.most, step: 1 });
  // an answer to an earlier step must not pull the thumb back from under the finger
  const held = input.getRootNode().activeElement === input;
  const late = held && input.dataset.sent && Number(input.dataset.sent) !== data.value;
  if (!late) input.value = data.value;
  output.textContent = text(input.value);
  input.setAttribute("aria-valuetext", text(input.value));
  input.oninput = () => {
    output.textContent = text(input.value);
    input.setAttribute("aria-valuetext", text(input.value));
    input.dataset.sent = input.value;
    setTriggerValue("moved", Number(input.value));
  };
}
"""

_HTML = '<label><span></span><div class="row"><input type="range"><output></output></div></label>'


@cache
def _renderer() -> Callable[..., Any]:
    return st.components.v2.component("phusong_slider", html=_HTML, css=_CSS, js=_JS)


def slider(  # each is one thing a slider has
    label: str,
    *,
    key: str,
    value: int,
    least: int,
    most: int,
    unit: str,
    on_move: Callable[[int], None],
) -> None:
    """A slider of whole numbers; ``on_move`` is told the new one with every step.

    ``unit`` has ``{n}`` where the number goes.
    """

    def moved() -> None:
        state = st.session_state.get(key)
        told = None if state is None else state.get("moved")
        if isinstance(told, int | float):
            on_move(max(least, min(most, round(told))))

    data = {"label": label, "value": value, "least": least, "most": most, "format": unit}
    _renderer()(key=key, data=data, on_moved_change=moved)
