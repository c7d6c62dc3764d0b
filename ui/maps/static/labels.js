// Names of the areas: with no tiles below, they are what tells a reader where he is.

const KIND = /^(Huyện|Thành phố|Thị xã|Thị trấn|Quận|Phường|Xã)\s+/;

export function shortName(name) {
  return name.replace(KIND, "");
}

export function labelLayer(L, pane) {
  const Layer = L.Layer.extend({
    initialize() {
      this.areas = [];
      this.area = "";
    },
    onAdd(map) {
      this.box = L.DomUtil.create("div", "phusong-labels", map.getPane(pane));
      map.on("zoomend moveend resize", this.paint, this);
      map.on("zoomstart", this.hide, this);
    },
    onRemove(map) {
      map.off("zoomend moveend resize", this.paint, this);
      map.off("zoomstart", this.hide, this);
      this.box.remove();
    },
    hide() {
      this.box.style.visibility = "hidden";
    },
    // Most uncovered first; a name that would touch one already placed is left out.
    paint() {
      if (!this._map) return;
      const placed = [];
      const texts = [];
      const ordered = [...this.areas].sort(
        (a, b) => (b.code === this.area) - (a.code === this.area) || b.uncovered - a.uncovered || this.size(b) - this.size(a),
      );
      for (const area of ordered) {
        const { x, y } = this._map.latLngToLayerPoint(area.label);
        const name = shortName(area.name);
        const half = name.length * 3.4 + 6;
        const box = [x - half, y - 9, x + half, y + 9];
        if (placed.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
        placed.push(box);
        texts.push(this.label(name, x, y, area));
      }
      this.box.replaceChildren(...texts);
      this.box.style.visibility = "visible";
    },
    label(name, x, y, area) {
      const element = document.createElement("span");
      element.textContent = name;
      element.style.left = `${Math.round(x)}px`;
      element.style.top = `${Math.round(y)}px`;
      if (this.area && this.area !== area.code) element.className = "faded";
      return element;
    },
    size(area) {
      return (area.box[2] - area.box[0]) * (area.box[3] - area.box[1]);
    },
  });
  return new Layer();
}
