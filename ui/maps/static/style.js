// Colours and marks. Blues for counts; verdicts differ in shape as well as colour, so
// they survive a grey print and every kind of colour blindness (Okabe and Ito's set).

export const NO_GAP = "#f3f5f1";
export const RAMP = ["#d6e6f2", "#a9cbe3", "#72a9d0", "#3f80b5", "#1c568a"];

export const MARKS = {
  none: { shape: "disc", fill: "#d55e00", edge: "#ffffff", size: 6.5 },
  weak: { shape: "triangle", fill: "#f0c808", edge: "#3b3000", size: 7 },
  unknown: { shape: "square", fill: "#ffffff", edge: "#555555", size: 5.5 },
  covered: { shape: "disc", fill: "#117a65", edge: "#ffffff", size: 2.5 },
};

export const OPERATOR_COLOURS = ["#009e73", "#cc79a7", "#7b4fa3", "#a6761d", "#56b4e9", "#666666"];
export const ZONE_COLOUR = "#b5127c";

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
  if (count <= 0) return NO_GAP;
  const k = classes.findIndex(([, to]) => count <= to);
  return rampColour(k < 0 ? classes.length - 1 : k, classes.length);
}

export function rampColour(k, count) {
  return RAMP[count === 1 ? 2 : Math.round((k * (RAMP.length - 1)) / (count - 1))];
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
  context.lineWidth = mark.size > 3 ? 1.5 : 0.5;
  context.strokeStyle = mark.edge;
  context.stroke();
  context.globalAlpha = 1;
}
