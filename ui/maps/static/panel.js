// The legend, the layer switches and the words under a pointer. Every word goes in as
// text, never as HTML.

import { FINDING_MARKS, MARKS, MARK_OF, NO_GAP, OPERATOR_COLOURS, VILLAGE_FILL, ZONE_STYLE, drawMark, rampColour } from "./style.js";

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function markIcon(mark) {
  const canvas = make("canvas", "mark");
  const ratio = window.devicePixelRatio || 1;
  canvas.width = 18 * ratio;
  canvas.height = 18 * ratio;
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  drawMark(context, mark, 9, 9);
  return canvas;
}

function swatch(colour, border) {
  const element = make("span", "swatch");
  element.style.background = colour;
  if (border) element.style.border = border;
  return element;
}

function row(icon, text) {
  const element = make("div", "row");
  element.append(icon, make("span", "", text));
  return element;
}

function zoneSwatch(status) {
  const line = { live: "solid", building: "dashed", planned: "dotted" }[status] || "double";
  const { colour } = ZONE_STYLE[status] || ZONE_STYLE.other;
  return swatch("#ffffff", `2px ${line} ${colour}`);
}

export function legend(texts, mode, classes, number, zones) {
  const box = make("div", "legend");
  if (mode === "zones") {
    box.append(make("div", "head", texts.zones5g));
    const found = new Set(zones.map((zone) => (texts[zone.status] ? zone.status : "other")));
    for (const status of ["live", "building", "planned", "other"].filter((s) => found.has(s))) {
      box.append(row(zoneSwatch(status), texts[status]));
    }
    return box;
  }
  if (mode === "findings") {
    box.append(make("div", "head", texts.legendFindings));
    for (const severity of ["error", "warning", "note"]) box.append(row(markIcon(FINDING_MARKS[severity[0]]), texts[severity]));
    return box;
  }
  box.append(make("div", "head", texts.legendVillages));
  for (const verdict of ["none", "weak", "unknown"]) box.append(row(markIcon(MARKS[verdict]), texts[verdict]));
  if (mode === "villages") {
    box.append(row(swatch(VILLAGE_FILL.c), texts.covered), row(swatch(VILLAGE_FILL["-"]), texts.filtered));
    return box;
  }
  box.append(make("div", "head", texts.legendAreas));
  const scale = make("div", "scale");
  scale.append(row(swatch(NO_GAP), number(0)));
  classes.forEach(([from, to], k) => {
    const text = from === to ? number(from) : `${number(from)}–${number(to)}`;
    scale.append(row(swatch(rampColour(k, classes.length)), text));
  });
  box.append(scale);
  return box;
}

function checkbox(text, icon, checked, onChange) {
  const label = make("label", "row");
  const input = make("input");
  input.type = "checkbox";
  input.checked = checked;
  input.addEventListener("change", () => onChange(input.checked));
  label.append(input, icon, make("span", "", text));
  return label;
}

export function operatorColour(layers, operator) {
  const operators = [...new Set(layers.map((layer) => layer.operator))];
  return OPERATOR_COLOURS[operators.indexOf(operator) % OPERATOR_COLOURS.length];
}

export const titleOf = (layer) => `${layer.operator} ${layer.technology}${layer.kind === "signal" ? " dBm" : ""}`;

// The classes of the signal that is laid over, the strongest first.
function signalScale(texts, { from, colours }) {
  const box = make("div", "scale");
  box.append(make("div", "head", texts.legendSignal));
  const last = from.length - 1;
  for (let k = last; k >= 0; k -= 1) {
    const text = k === last ? `≥ ${from[k]} dBm` : `${from[k]} … ${from[k + 1] - 1} dBm`;
    box.append(row(swatch(colours[k]), text.replaceAll("-", "−")));
  }
  return box;
}

// What can be laid over: `shown` holds titles, "5G" stands for the zones.
export function switches(texts, feed, { shown, opacity, zones }, { onSwitch, onOpacity }) {
  const box = make("div", "switches");
  if (feed.zones5g && !zones) {
    box.append(checkbox(texts.zones5g, zoneSwatch("live"), shown.has("5G"), (on) => onSwitch("5G", on)));
  }
  const layers = zones ? feed.layers.filter((layer) => layer.technology === "5G") : feed.layers;
  const kinds = [
    [texts.footprints, layers.filter((layer) => layer.kind !== "signal")],
    [texts.legendSignal, layers.filter((layer) => layer.kind === "signal")],
  ];
  for (const [head, some] of kinds) {
    if (some.length) box.append(make("div", "head", head));
    for (const layer of some) {
      const icon = swatch(layer.kind === "signal" ? feed.signal.colours[2] : operatorColour(feed.layers, layer.operator));
      const title = titleOf(layer);
      box.append(checkbox(title, icon, shown.has(title), (on) => onSwitch(title, on)));
    }
  }
  if (layers.length) box.append(slider(texts.opacity, opacity, onOpacity));
  if (layers.some((layer) => layer.kind === "signal" && shown.has(titleOf(layer)))) box.append(signalScale(texts, feed.signal));
  return box;
}

function slider(text, value, onInput) {
  const label = make("label", "opacity");
  const input = make("input");
  Object.assign(input, { type: "range", min: "0.05", max: "0.9", step: "0.05", value: String(value) });
  input.addEventListener("input", () => onInput(Number(input.value)));
  label.append(make("span", "", text), input);
  return label;
}

export function folding(title, content, open) {
  const details = make("details", "panel");
  details.open = open;
  details.append(make("summary", "", title), content);
  return details;
}

export function tooltipLines(texts, number, subject) {
  if (!subject) return [];
  if (subject.kind === "area") {
    const uncovered = texts.uncoveredOf
      .replace("{uncovered}", number(subject.uncovered))
      .replace("{villages}", number(subject.villages));
    return [subject.name, uncovered];
  }
  if (subject.kind === "zone") {
    return [subject.zone, [subject.operator, texts[subject.status] || subject.status].filter(Boolean).join(", ")];
  }
  const lines = [subject.name, subject.commune, texts[MARK_OF[subject.verdict]]];
  if (subject.before && subject.before !== subject.verdict) {
    lines.push(texts.was.replace("{verdict}", texts[MARK_OF[subject.before]]));
  }
  if (subject.people !== null) lines.push(texts.people.replace("{people}", number(subject.people)));
  return lines;
}
