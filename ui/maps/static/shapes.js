// Geometry as it travels: whole steps, each corner relative to the one before.

export async function fetchTable(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} for ${url}`);
  return answer.json();
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

export function boxOf(parts) {
  const box = { south: 90, west: 180, north: -90, east: -180 };
  for (const part of parts) {
    for (const [lat, lng] of part[0]) {
      if (lat < box.south) box.south = lat;
      if (lat > box.north) box.north = lat;
      if (lng < box.west) box.west = lng;
      if (lng > box.east) box.east = lng;
    }
  }
  return box;
}

export function corners(box) {
  return [[box.south, box.west], [box.north, box.east]];
}

function inRing(lat, lng, ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [yi, xi] = ring[i];
    const [yj, xj] = ring[j];
    if (yi > lat !== yj > lat && lng < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

// Whether a point lies in a shape; holes are the rings after the first of a part.
export function inShape(lat, lng, parts, box) {
  if (lat < box.south || lat > box.north || lng < box.west || lng > box.east) return false;
  return parts.some(
    (part) => inRing(lat, lng, part[0]) && !part.slice(1).some((hole) => inRing(lat, lng, hole)),
  );
}

// A table of parallel columns as one object a village.
export function villagesOf(table) {
  return table.ids.map((id, k) => {
    const village = {
      id,
      name: table.names[k],
      commune: table.communes[k],
      area: table.areas[k],
      verdict: table.verdicts[k],
      operator: table.operators[k],
      share: table.shares[k],
      people: table.people[k],
      place: [table.points[k][1] / table.scale, table.points[k][0] / table.scale],
    };
    if (table.shapes) {
      village.parts = decodeShape(table.shapes[k], table.scale);
      village.box = boxOf(village.parts);
    }
    return village;
  });
}
