// Everything drawn from data, on one canvas: areas, villages, footprints, zones, marks.
// Shapes are kept as paths in one plane, so a repaint is a handful of fills under a new
// transform, whatever the zoom.

import { FINDING_MARKS, MARKS, MARK_OF, PALE, VILLAGE_FILL, ZONE_STYLE, colourOf, drawMark, hatch } from "./style.js";

const PLANE_ZOOM = 12;
const PADDING = 0.25;
const MOST_MARKS = 1500;
const CELL_PX = 46;

export function plane(origin) {
  const side = 256 * 2 ** PLANE_ZOOM;
  const xOf = (lng) => ((lng + 180) / 360) * side;
  const yOf = (lat) => {
    const sin = Math.sin((lat * Math.PI) / 180);
    return (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * side;
  };
  const x0 = xOf(origin[1]);
  const y0 = yOf(origin[0]);
  return { x: (lng) => xOf(lng) - x0, y: (lat) => yOf(lat) - y0 };
}

// Parts of rings of [latitude, longitude] as a path of the plane, with its box.
export function pathOf(parts, { x, y }) {
  const path = new Path2D();
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const part of parts) {
    for (const ring of part) {
      ring.forEach(([lat, lng], k) => {
        const px = x(lng);
        const py = y(lat);
        if (k === 0) path.moveTo(px, py);
        else path.lineTo(px, py);
        if (px < box[0]) box[0] = px;
        if (py < box[1]) box[1] = py;
        if (px > box[2]) box[2] = px;
        if (py > box[3]) box[3] = py;
      });
      path.closePath();
    }
  }
  return { path, box };
}

export function sceneLayer(L, pane) {
  const Layer = L.Layer.extend({
    initialize() {
      Object.assign(this, { areas: [], villages: [], footprints: [], signals: [], zones: [], state: { mode: "areas" }, opacity: 0.3 });
    },
    onAdd(map) {
      this.canvas = L.DomUtil.create("canvas", "phusong-scene", map.getPane(pane));
      map.on("moveend resize", this.reset, this);
      map.on("zoomanim", this.animate, this);
      if (map.options.zoomAnimation) L.DomUtil.addClass(this.canvas, "leaflet-zoom-animated");
      this.reset();
    },
    onRemove(map) {
      map.off("moveend resize", this.reset, this);
      map.off("zoomanim", this.animate, this);
      this.canvas.remove();
    },
    animate(event) {
      const scale = this._map.getZoomScale(event.zoom);
      const offset = this._map._latLngBoundsToNewLayerBounds(this.bounds, event.zoom, event.center);
      L.DomUtil.setTransform(this.canvas, offset.min, scale);
    },
    reset() {
      const map = this._map;
      const size = map.getSize();
      const ratio = window.devicePixelRatio || 1;
      this.pad = [Math.round(size.x * PADDING), Math.round(size.y * PADDING)];
      this.size = [size.x + 2 * this.pad[0], size.y + 2 * this.pad[1]];
      const [width, height] = this.size.map((n) => Math.round(n * ratio));
      if (this.canvas.width !== width || this.canvas.height !== height) {
        this.canvas.width = width;
        this.canvas.height = height;
        this.canvas.style.width = `${this.size[0]}px`;
        this.canvas.style.height = `${this.size[1]}px`;
      }
      const corner = [-this.pad[0], -this.pad[1]];
      const last = [size.x + this.pad[0], size.y + this.pad[1]];
      this.bounds = L.latLngBounds(map.containerPointToLatLng(corner), map.containerPointToLatLng(last));
      L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint(corner));
      this.paint();
    },
    // Outlines have changed: nothing drawn of them holds any more.
    reshape() {
      this.everyone = null;
      if (this.ground) this.ground.view = "";
      this.regroup();
    },
    // A verdict or a filter has changed; never asked for where the map has only moved.
    regroup() {
      this.groups = null;
    },
    // Villages by how they are filled, one path a group; of the commonest fill only its name,
    // since that is what the ground is filled with. Over a base map there is no such ground.
    grouped() {
      if (this.groups) return this.groups;
      const members = new Map();
      for (const village of this.villages) {
        if (!village.path) continue;
        const key = village.shown ? village.verdict : "-";
        if (!members.has(key)) members.set(key, []);
        members.get(key).push(village.path);
      }
      const most = Math.max(...[...members.values()].map((paths) => paths.length));
      const usual = this.tiles ? undefined : [...members.keys()].find((key) => members.get(key).length === most);
      members.delete(usual);
      this.groups = { usual, others: [...members].map(([key, paths]) => [key, joined(paths)]) };
      return this.groups;
    },
    paint() {
      if (!this._map || !this.plane || !this.canvas.width || !this.canvas.height) return;
      const context = this.canvas.getContext("2d");
      const ratio = window.devicePixelRatio || 1;
      const map = this._map;
      this.scale = 2 ** (map.getZoom() - PLANE_ZOOM);
      const north = this.bounds.getNorthWest();
      this.left = this.plane.x(north.lng);
      this.top = this.plane.y(north.lat);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      const zoom = this.scale * ratio;
      context.setTransform(zoom, 0, 0, zoom, -this.left * zoom, -this.top * zoom);
      this.paintAreas(context);
      this.paintVillages(context);
      this.paintSignals(context);
      this.paintFootprints(context);
      this.paintZones(context);
      this.paintBorders(context);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.paintMarks(context);
      this.paintFindings(context);
      this.paintSelected(context);
    },
    isNear({ box }) {
      const [width, height] = this.size;
      return box[2] > this.left && box[3] > this.top && box[0] < this.left + width / this.scale && box[1] < this.top + height / this.scale;
    },
    paintAreas(context) {
      const filled = this.state.mode === "areas";
      for (const area of this.areas) {
        if (!this.isNear(area)) continue;
        const faded = this.state.area && this.state.area !== area.code;
        context.globalAlpha = (faded ? 0.35 : 1) * (this.tiles ? 0.6 : 1);
        context.fillStyle = filled ? colourOf(area.uncovered, this.classes) : PALE;
        context.fill(area.path, "evenodd");
      }
      context.globalAlpha = 1;
    },
    paintVillages(context) {
      if (this.state.mode !== "villages") return;
      const { usual, others } = this.grouped();
      if (usual !== undefined) {
        context.save();
        const picture = this.grounded(usual, context.getTransform());
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.drawImage(picture, 0, 0);
        context.restore();
      }
      for (const [key, path] of others) this.paintGroup(context, key, path);
    },
    paintGroup(context, key, path) {
      context.fillStyle = key === "u" ? hatch(context, this.scale) : VILLAGE_FILL[key];
      context.globalAlpha = this.tiles ? 0.65 : 1;
      context.fill(path, "evenodd");
      context.globalAlpha = 1;
      if (this._map.getZoom() < 9.5) return;
      context.lineWidth = 0.5 / this.scale;
      context.strokeStyle = "rgba(60, 75, 90, 0.55)";
      context.stroke(path);
    },
    // All villages filled alike, as a picture of the present view. Thousands of outlines take
    // a slow machine longer than all else together; a filter or a verdict changes few of them.
    grounded(key, transform) {
      const { width, height } = this.canvas;
      const view = [key, width, height, ...transform.toFloat64Array()].join();
      if (this.ground && this.ground.view === view) return this.ground.canvas;
      const canvas = this.ground ? this.ground.canvas : document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext("2d");
      context.setTransform(transform);
      this.everyone = this.everyone || joined(this.villages.flatMap(({ path }) => path || []));
      this.paintGroup(context, key, this.everyone);
      this.ground = { view, canvas };
      return canvas;
    },
    // Pictures of signal: they are laid out in this very plane, so a corner and a size do.
    paintSignals(context) {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = Math.min(1, this.opacity + 0.3);
      for (const { image, box } of this.signals) {
        const [[south, west], [north, east]] = box;
        const x = this.plane.x(west);
        const y = this.plane.y(north);
        context.drawImage(image, x, y, this.plane.x(east) - x, this.plane.y(south) - y);
      }
      context.globalAlpha = 1;
    },
    paintFootprints(context) {
      for (const { path, colour, dashed } of this.footprints) {
        context.globalAlpha = this.opacity;
        context.fillStyle = colour;
        context.fill(path, "evenodd");
        context.globalAlpha = Math.min(1, this.opacity + 0.45);
        context.setLineDash(dashed ? [5 / this.scale, 4 / this.scale] : []);
        context.lineWidth = 1.2 / this.scale;
        context.strokeStyle = colour;
        context.stroke(path);
      }
      context.setLineDash([]);
      context.globalAlpha = 1;
    },
    paintZones(context) {
      for (const zone of this.zones) {
        const { colour, dash, alpha } = ZONE_STYLE[zone.status] || ZONE_STYLE.other;
        const chosen = this.state.zone !== "" && zone.zone === this.state.zone;
        context.globalAlpha = chosen ? Math.min(1, alpha + 0.2) : alpha;
        context.fillStyle = colour;
        context.fill(zone.path, "evenodd");
        context.globalAlpha = 1;
        context.lineWidth = (chosen ? 3.5 : 2.2) / this.scale;
        context.setLineDash(dash.map((n) => n / this.scale));
        context.strokeStyle = colour;
        context.stroke(zone.path);
      }
      context.setLineDash([]);
    },
    paintBorders(context) {
      for (const area of this.areas) {
        if (!this.isNear(area)) continue;
        const chosen = this.state.area === area.code;
        context.lineWidth = (chosen ? 2.6 : 0.9) / this.scale;
        context.strokeStyle = chosen ? "#14283c" : "#5b7083";
        context.stroke(area.path);
      }
    },
    // Places to look at, the worst drawn last, so that they lie on top.
    paintFindings(context) {
      if (this.state.mode !== "findings") return;
      for (const letter of "nwe") {
        for (const [lat, lng, of] of this.state.findings) {
          if (of !== letter) continue;
          const [x, y] = this.at({ x: this.plane.x(lng), y: this.plane.y(lat) });
          if (x > -20 && y > -20 && x < this.size[0] + 20 && y < this.size[1] + 20) drawMark(context, FINDING_MARKS[letter], x, y);
        }
      }
    },
    at(village) {
      return [(village.x - this.left) * this.scale, (village.y - this.top) * this.scale];
    },
    marked() {
      if (this.state.mode === "zones" || this.state.mode === "findings") return [];
      const [width, height] = this.size;
      const found = [];
      for (const village of this.villages) {
        const flipped = village.before && village.before !== village.verdict;
        if ((village.verdict === "c" && !flipped) || !village.shown) continue;
        const [x, y] = this.at(village);
        if (x > -20 && y > -20 && x < width + 20 && y < height + 20) found.push([village, x, y, flipped]);
      }
      return found;
    },
    paintMarks(context) {
      const marked = this.marked();
      if (marked.length > MOST_MARKS) {
        this.paintClusters(context, marked);
        return;
      }
      const order = "cuwn";
      marked.sort((a, b) => order.indexOf(a[0].verdict) - order.indexOf(b[0].verdict));
      const faded = this.state.mode === "areas" && this.state.area;
      for (const [village, x, y, flipped] of marked) {
        if (flipped) ring(context, x, y, 12, "#7b2d8e", 2.5);
        drawMark(context, MARKS[MARK_OF[village.verdict]], x, y, { faded: faded && !village.inArea });
      }
    },
    paintClusters(context, marked) {
      const cells = new Map();
      for (const [, x, y] of marked) {
        const key = `${Math.floor(x / CELL_PX)} ${Math.floor(y / CELL_PX)}`;
        const cell = cells.get(key) || [0, 0, 0];
        cells.set(key, [cell[0] + 1, cell[1] + x, cell[2] + y]);
      }
      context.font = "600 12px system-ui, sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      for (const [count, x, y] of cells.values()) {
        const radius = 9 + Math.min(11, 3 * Math.log10(count));
        ring(context, x / count, y / count, radius, "#ffffff", 2, "#b34700");
        context.fillStyle = "#ffffff";
        context.fillText(this.number ? this.number(count) : String(count), x / count, y / count);
      }
    },
    paintSelected(context) {
      const village = this.state.village && this.byId && this.byId.get(this.state.village);
      if (!village) return;
      const [x, y] = this.at(village);
      drawMark(context, MARKS[MARK_OF[village.verdict]], x, y, { grow: 2 });
      ring(context, x, y, 15, "#ffffff", 5);
      ring(context, x, y, 15, "#111111", 2.5);
    },
    // The village whose mark is nearest to a point of the container, within reach.
    nearest(point, reach) {
      const marked = this.marked();
      if (marked.length > MOST_MARKS) return null;
      let best = null;
      let least = reach * reach;
      for (const [village, x, y] of marked) {
        const distance = (x - this.pad[0] - point.x) ** 2 + (y - this.pad[1] - point.y) ** 2;
        if (distance <= least) {
          best = village;
          least = distance;
        }
      }
      return best;
    },
    // The first of `subjects` whose shape holds a place.
    holding(subjects, { lat, lng }) {
      const x = this.plane.x(lng);
      const y = this.plane.y(lat);
      const context = this.canvas.getContext("2d");
      context.setTransform(1, 0, 0, 1, 0, 0);
      return subjects.find(
        ({ path, box }) => path && x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] && context.isPointInPath(path, x, y, "evenodd"),
      );
    },
  });
  return new Layer();
}

function joined(paths) {
  const all = new Path2D();
  for (const path of paths) all.addPath(path);
  return all;
}

function ring(context, x, y, radius, colour, width, fill) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  if (fill) {
    context.fillStyle = fill;
    context.fill();
  }
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}
