// Tables as they travel: geometry in whole steps, each corner relative to the one before.

export async function fetchTable(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} for ${url}`);
  return answer.json();
}

export async function pictureOf(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

function decodeRing(steps, scale) {
  const ring = new Array(steps.length / 2);
  let x = 0;
  let y = 0;
  for (let k = 0; k < ring.length; k += 1) {
    x += steps[2 * k];
    y += steps[2 * k + 1];
    ring[k] = [y / scale, x / scale];
  }
  return ring;
}

// One shape: parts of rings of [latitude, longitude].
export function decodeShape(shape, scale) {
  return shape.map((part) => part.map((ring) => decodeRing(ring, scale)));
}

// A table of parallel columns as one object a village.
export function villagesOf(table, { x, y }) {
  return table.ids.map((id, k) => {
    const lat = table.points[2 * k + 1] / table.scale;
    const lng = table.points[2 * k] / table.scale;
    return {
      id,
      name: table.names[k],
      commune: table.communes[table.commune[k]],
      people: table.people[k],
      published: table.verdicts[k],
      verdict: table.verdicts[k],
      shown: true,
      inArea: true,
      place: [lat, lng],
      x: x(lng),
      y: y(lat),
    };
  });
}

// A set of rows that travels as bits in base 64; null stands for all of them.
export function bitsOf(text, count) {
  if (text === null || text === undefined) return null;
  const bytes = atob(text);
  const bits = new Uint8Array(count);
  for (let k = 0; k < count; k += 1) bits[k] = (bytes.charCodeAt(k >> 3) >> (7 - (k & 7))) & 1;
  return bits;
}
