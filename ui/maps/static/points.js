// The village marks on a canvas of their own: a repaint of all of them is under a
// millisecond for the uncovered, so nothing here is a Leaflet object.

import { MARKS, drawMark } from "./style.js";

export function pointLayer(L, pane) {
  const Layer = L.Layer.extend({
    initialize() {
      this.villages = [];
      this.covered = [];
      this.area = "";
      this.selected = "";
    },
    onAdd(map) {
      this.canvas = L.DomUtil.create("canvas", "phusong-points", map.getPane(pane));
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
      this.canvas.width = size.x * ratio;
      this.canvas.height = size.y * ratio;
      this.canvas.style.width = `${size.x}px`;
      this.canvas.style.height = `${size.y}px`;
      this.bounds = map.getBounds();
      L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
      this.paint();
    },
    paint() {
      if (!this._map) return;
      const context = this.canvas.getContext("2d");
      const ratio = window.devicePixelRatio || 1;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.paintCovered(context);
      const order = { unknown: 0, weak: 1, none: 2 };
      const sorted = [...this.villages].sort((a, b) => order[a.verdict] - order[b.verdict]);
      for (const village of sorted) this.paintVillage(context, village);
      this.paintSelected(context);
    },
    paintVillage(context, village) {
      const { x, y } = this._map.latLngToContainerPoint(village.place);
      drawMark(context, MARKS[village.verdict] || MARKS.unknown, x, y, { faded: this.isFaded(village) });
    },
    paintCovered(context) {
      const outlines = this._map.getZoom() >= 11;
      for (const village of this.covered) {
        if (outlines) this.paintOutline(context, village);
        else if (village.verdict === "covered") this.paintVillage(context, village);
      }
    },
    paintOutline(context, village) {
      if (!this.bounds.intersects([[village.box.south, village.box.west], [village.box.north, village.box.east]])) return;
      const mark = MARKS[village.verdict] || MARKS.unknown;
      context.beginPath();
      for (const part of village.parts) {
        for (const ring of part) {
          ring.forEach((place, k) => {
            const { x, y } = this._map.latLngToContainerPoint(place);
            if (k === 0) context.moveTo(x, y);
            else context.lineTo(x, y);
          });
          context.closePath();
        }
      }
      context.globalAlpha = this.isFaded(village) ? 0.08 : 0.3;
      context.fillStyle = mark.fill;
      context.fill("evenodd");
      context.globalAlpha = 1;
      context.lineWidth = 0.6;
      context.strokeStyle = "#333333";
      context.stroke();
    },
    paintSelected(context) {
      const village = this.find(this.selected);
      if (!village) return;
      const { x, y } = this._map.latLngToContainerPoint(village.place);
      drawMark(context, MARKS[village.verdict] || MARKS.unknown, x, y, { grow: 2 });
      context.beginPath();
      context.arc(x, y, 15, 0, 2 * Math.PI);
      context.lineWidth = 5;
      context.strokeStyle = "#ffffff";
      context.stroke();
      context.lineWidth = 2.5;
      context.strokeStyle = "#111111";
      context.stroke();
    },
    isFaded(village) {
      return this.area !== "" && village.area !== this.area;
    },
    find(id) {
      if (!id) return null;
      return this.villages.find((v) => v.id === id) || this.covered.find((v) => v.id === id) || null;
    },
    // The village whose mark is nearest to a point of the container, within reach.
    nearest(point, reach) {
      let best = null;
      let least = reach * reach;
      for (const village of this.villages) {
        const { x, y } = this._map.latLngToContainerPoint(village.place);
        const distance = (x - point.x) ** 2 + (y - point.y) ** 2;
        if (distance <= least && !this.isFaded(village)) {
          best = village;
          least = distance;
        }
      }
      return best;
    },
  });
  return new Layer();
}
