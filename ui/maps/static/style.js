// Colours and marks. Blues for counts; verdicts differ in shape as well as colour, so
// they survive a grey print and every kind of colour blindness (Okabe and Ito's set).

export const NO_GAP = "#f3f5f1";
export const PALE = "#f3f5f1";
export const RAMP = ["#d6e6f2", "#a9cbe3", "#72a9d0", "#3f80b5", "#1c568a"];

export const MARKS = {
  none: { shape: "disc", fill: "#d55e00", edge: "#ffffff", size: 6.5 },
  weak: { shape: "triangle", fill: "#f0c808", edge: "#3b3000", size: 7 },
  unknown: { shape: "square", fill: "#ffffff", edge: "#555555", size: 5.5 },
  covered: { shape: "disc", fill: "#117a65", edge: "#ffffff", size: 4 },
};

// Places of findings, by the first letter of their severity.
export const FINDING_MARKS = {
  e: { shape: "square", fill: "#b00020", edge: "#ffffff", size: 6 },
  w: { shape: "triangle", fill: "#f0c808", edge: "#3b3000", size: 6.5 },
  n: { shape: "disc", fill: "#3f80b5", edge: "#ffffff", size: 4.5 },
};

// A verdict travels as one letter.
export const MARK_OF = { c: "covered", w: "weak", n: "none", u: "unknown" };

export const VILLAGE_FILL = { c: "#cfe6dc", w: "#f7e59a", n: "#f0b48a", "-": "#eceff0" };

export const OPERATOR_COLOURS = ["#009e73", "#cc79a7", "#7b4fa3", "#a6761d", "#56b4e9", "#666666"];

export const ZONE_STYLE = {
  live: { colour: "#b5127c", dash: [], alpha: 0.3 },
  building: { colour: "#b5127c", dash: [8, 4], alpha: 0.16 },
  planned: { colour: "#b5127c", dash: [2, 4], alpha: 0.06 },
  other: { colour: "#555555", dash: [6, 3, 1, 3], alpha: 0.08 },
};

// Class limits [from, to] for counts up to `most`: whole numbers, near-equal, none empty.
export function classesFor(most) {
  const count = Math.min(RAMP.length, most);
  const limits = [];
  for (let k = 0; k < count; k += 1) {
    const from = Math.floor((k * most) / count) + 1;
    limits.push([from, Math.floor(((k + 1) * most) / count)]);
  }
  return limits;
}

export function colourOf(count, classes) {
  if (!(count > 0)) return NO_GAP;
  const k = classes.findIndex(([, to]) => count <= to);
  return rampColour(k < 0 ? classes.length - 1 : k, classes.length);
}

export function rampColour(k, count) {
  return RAMP[count === 1 ? 2 : Math.round((k * (RAMP.length - 1)) / (count - 1))];
}

// Slanted lines for what is not known, of the same width at every zoom.
export function hatch(context, scale) {
  const tile = document.createElement("canvas");
  tile.width = 8;
  tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = "#777777";
  pen.beginPath();
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / scale));
  return pattern;
}

// Draws a mark around (x, y); the caller has set nothing but the transform.
export function drawMark(context, mark, x, y, { faded = false, grow = 0 } = {}) {
  const size = mark.size + grow;
  context.globalAlpha = faded ? 0.25 : 1;
  context.beginPath();
  if (mark.shape === "triangle") {
    context.moveTo(x, y - size);
    context.lineTo(x + size, y + size * 0.8);
    context.lineTo(x - size, y + size * 0.8);
    context.closePath();
  } else if (mark.shape === "square") {
    context.rect(x - size, y - size, 2 * size, 2 * size);
  } else {
    context.arc(x, y, size, 0, 2 * Math.PI);
  }
  context.fillStyle = mark.fill;
  context.fill();
  context.lineWidth = mark.size > 4 ? 1.5 : 0.8;
  context.strokeStyle = mark.edge;
  context.stroke();
  context.globalAlpha = 1;
}
