// The legend and the layer switches. Every word goes in as text, never as HTML.

import { MARKS, NO_GAP, OPERATOR_COLOURS, ZONE_COLOUR, drawMark, rampColour } from "./style.js";

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
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  drawMark(context, mark, 9, 9);
  return canvas;
}

function swatch(colour) {
  const element = make("span", "swatch");
  element.style.background = colour;
  return element;
}

function row(icon, text) {
  const element = make("div", "row");
  element.append(icon, make("span", "", text));
  return element;
}

export function legend(texts, classes, number) {
  const box = make("div", "legend");
  box.append(make("div", "head", texts.legendVillages));
  for (const verdict of ["none", "weak", "unknown"]) box.append(row(markIcon(MARKS[verdict]), texts[verdict]));
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

export function switches(texts, feed, shown, onSwitch) {
  const box = make("div", "switches");
  box.append(
    checkbox(texts.coveredLayer, markIcon(MARKS.covered), shown.has("covered"), (on) => onSwitch("covered", on)),
  );
  if (feed.zones5g) {
    box.append(checkbox(texts.zones5g, swatch(ZONE_COLOUR), shown.has("zones5g"), (on) => onSwitch("zones5g", on)));
  }
  if (feed.layers.length) box.append(make("div", "head", texts.footprints));
  for (const layer of feed.layers) {
    const icon = swatch(operatorColour(feed.layers, layer.operator));
    const title = `${layer.operator} ${layer.technology}`;
    box.append(checkbox(title, icon, shown.has(layer.url), (on) => onSwitch(layer.url, on)));
  }
  return box;
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
  const lines = [subject.name, subject.commune, texts[subject.verdict] || subject.verdict];
  if (subject.operator && subject.share > 0) {
    const share = `${number(Math.round(subject.share * 1000) / 10)} %`;
    lines.push(texts.best.replace("{operator}", () => subject.operator).replace("{share}", share));
  } else if (subject.verdict === "none") {
    lines.push(texts.nobody);
  }
  if (subject.people !== null) lines.push(texts.people.replace("{people}", number(subject.people)));
  return lines;
}
