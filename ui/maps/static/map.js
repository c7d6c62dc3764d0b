// The map of villages without coverage. Built once for a page and kept; each rerun of
// the page only hands over what the reader chose, and only that is drawn anew.

import { boxOf, corners, decodeShape, fetchTable, inShape, villagesOf } from "./shapes.js";
import { ZONE_COLOUR, classesFor, colourOf } from "./style.js";
import { pointLayer } from "./points.js";
import { folding, legend, make, operatorColour, switches, tooltipLines } from "./panel.js";
import { labelLayer } from "./labels.js";

const views = new WeakMap();
const REACH_PX = { mouse: 11, touch: 22 };

export default function render(component) {
  const { parentElement, data, setTriggerValue } = component;
  let view = views.get(parentElement);
  if (!view) {
    view = new MapView(parentElement);
    views.set(parentElement, view);
  }
  view.send = setTriggerValue;
  view.update(data);
  return () => {
    views.delete(parentElement);
    view.remove();
  };
}

class MapView {
  constructor(root) {
    this.frame = root.querySelector(".phusong-map") || root.appendChild(make("div", "phusong-map"));
    this.shown = new Set();
    this.footprints = new Map();
    this.done = {};
    this.work = Promise.resolve();
  }

  update(data) {
    this.data = data;
    this.work = this.work.then(() => this.apply(data)).catch((error) => this.fail(error));
  }

  async apply(data) {
    if (data !== this.data) return; // a newer choice is already waiting
    const { feed, choice, language } = data;
    const stale = this.done.areas !== feed.areas || this.done.points !== feed.points;
    const tables = stale && Promise.all([fetchTable(feed.areas), fetchTable(feed.points)]);
    if (!this.map) await Promise.all([this.build(data), tables]);
    if (stale) this.load(feed, await tables);
    if (this.done.language !== language || this.done.panels !== feed.areas + feed.points) this.writePanels(data);
    if (this.done.area !== choice.area) this.showArea(choice.area);
    if (this.done.village !== choice.village) this.showVillage(choice.village);
    this.frame.dataset.ready = `${language} ${choice.area} ${choice.village}`;
  }

  fail(error) {
    console.warn("map", error);
    const text = this.data.texts.failed;
    if (!this.frame.querySelector(".failed")) this.frame.append(make("div", "failed", text));
  }

  async build({ program, tiles }) {
    await Promise.all([this.style(program.leafletStyle), this.style(program.style), script(program.leaflet)]);
    const L = window.L;
    this.canvas = make("div", "canvas");
    this.frame.append(this.canvas);
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(this.canvas, {
      preferCanvas: true, attributionControl: false, zoomControl: false, scrollWheelZoom: false,
      zoomSnap: 0.25, wheelPxPerZoomLevel: 90, zoomAnimation: !calm, fadeAnimation: false, minZoom: 5, maxZoom: 16,
    });
    L.control.zoom({ position: "topleft" }).addTo(this.map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.map);
    for (const [name, level] of [["areas", 350], ["footprints", 360], ["villages", 420], ["labels", 430]]) {
      this.map.createPane(name).style.zIndex = level;
      if (name !== "areas") this.map.getPane(name).style.pointerEvents = "none";
    }
    if (tiles) L.tileLayer(tiles, { maxZoom: 16 }).addTo(this.map);
    this.areaCanvas = L.canvas({ pane: "areas", padding: 0.3 });
    this.footprintCanvas = L.canvas({ pane: "footprints", padding: 0.3 });
    this.points = pointLayer(L, "villages");
    this.labels = labelLayer(L, "labels");
    this.tip = this.frame.appendChild(make("div", "tip"));
    this.listen();
  }

  style(url) {
    return new Promise((resolve, reject) => {
      const link = make("link");
      link.rel = "stylesheet";
      link.href = url;
      link.onload = resolve;
      link.onerror = () => reject(new Error(url));
      this.frame.before(link);
    });
  }

  load(feed, [areas, points]) {
    const first = !this.done.areas;
    this.done = { ...this.done, areas: feed.areas, points: feed.points, area: undefined, village: undefined };
    this.drawAreas(areas);
    this.points.villages = villagesOf(points);
    if (!first) this.dropLayers();
    this.home = areas.bounds;
    if (first) this.map.fitBounds(this.home, { animate: false, padding: [6, 6] });
    this.points.addTo(this.map).paint();
    this.labels.addTo(this.map).paint();
  }

  drawAreas(table) {
    const L = window.L;
    for (const area of this.areas || []) area.layer.remove();
    this.classes = classesFor(Math.max(0, ...table.uncovered));
    this.areas = table.codes.map((code, k) => {
      const parts = decodeShape(table.shapes[k], table.scale);
      const area = {
        kind: "area", code, name: table.names[k], uncovered: table.uncovered[k], villages: table.villages[k],
        parts, box: boxOf(parts), label: [table.labels[k][1], table.labels[k][0]],
      };
      area.layer = L.polygon(parts, {
        renderer: this.areaCanvas, pane: "areas", interactive: false, smoothFactor: 0.6,
        ...this.areaStyle(area, ""),
      }).addTo(this.map);
      return area;
    });
    this.labels.areas = this.areas;
  }

  areaStyle(area, chosen) {
    const faded = chosen !== "" && chosen !== area.code;
    const strong = chosen === area.code;
    return {
      color: strong ? "#14283c" : "#5b7083", weight: strong ? 2.5 : 0.9, opacity: faded ? 0.5 : 1,
      fillColor: colourOf(area.uncovered, this.classes), fillOpacity: faded ? 0.3 : this.data.tiles ? 0.6 : 1,
    };
  }

  showArea(code) {
    const first = this.done.area === undefined && code === "";
    this.done.area = code;
    for (const area of this.areas) area.layer.setStyle(this.areaStyle(area, code));
    this.points.area = code;
    this.labels.area = code;
    this.points.paint();
    this.labels.paint();
    const area = this.areas.find((a) => a.code === code);
    if (!first) this.map.flyToBounds(area ? corners(area.box) : this.home, {
      duration: 0.35, paddingTopLeft: [area ? this.legendWidth() : 10, 34], paddingBottomRight: [10, 10],
    });
  }

  // So that a chosen area is not drawn under an open legend.
  legendWidth() {
    const details = this.frame.querySelector(".key details");
    const wide = this.frame.clientWidth > 640;
    return wide && details && details.open ? details.offsetWidth + 16 : 10;
  }

  showVillage(id) {
    this.done.village = id;
    this.points.selected = id;
    this.points.paint();
    const village = this.points.find(id);
    const here = this.pickedHere === id;
    this.pickedHere = null;
    if (!village || here) return;
    this.map.flyTo(village.place, Math.max(this.map.getZoom(), 10.5), { duration: 0.35 });
  }

  writePanels({ texts, feed, language }) {
    this.done.language = language;
    this.done.panels = feed.areas + feed.points;
    const format = new Intl.NumberFormat(language === "vi" ? "vi-VN" : "en-GB");
    this.number = (value) => format.format(value);
    const wide = this.frame.clientWidth > 640;
    const open = (name, otherwise) => this.frame.querySelector(`.${name} details`)?.open ?? otherwise;
    this.panel("layers", folding(texts.layers, switches(texts, feed, this.shown, (key, on) => this.switch(key, on)), open("layers", false)));
    this.panel("key", folding(texts.legend, legend(texts, this.classes, this.number), open("key", wide)));
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", texts.mapLabel);
    this.frame.querySelector(".mark-text")?.remove();
    if (feed.reconstruction) this.frame.append(watermark(texts.mark));
  }

  panel(name, content) {
    let corner = this.frame.querySelector(`.${name}`);
    if (!corner) corner = this.frame.appendChild(make("div", `corner ${name}`));
    corner.replaceChildren(content);
  }

  async switch(key, on) {
    if (on) this.shown.add(key);
    else this.shown.delete(key);
    try {
      if (key === "covered") await this.switchCovered(on);
      else await this.switchFootprint(key, on);
    } catch (error) {
      this.fail(error);
    }
  }

  async switchCovered(on) {
    const { covered } = this.data.feed;
    if (on && this.done.covered !== covered) {
      this.allVillages = villagesOf(await fetchTable(covered));
      this.done.covered = covered;
    }
    this.points.covered = this.shown.has("covered") ? this.allVillages : [];
    this.points.paint();
  }

  async switchFootprint(key, on) {
    if (on && !this.footprints.has(key)) {
      const zones = key === "zones5g";
      const table = await fetchTable(zones ? this.data.feed.zones5g : key);
      const layer = this.data.feed.layers.find((l) => l.url === key);
      this.footprints.set(key, this.footprint(table, layer));
    }
    const drawn = this.footprints.get(key);
    if (!drawn) return;
    if (this.shown.has(key)) drawn.addTo(this.map);
    else drawn.remove();
  }

  footprint(table, layer) {
    const color = layer ? operatorColour(this.data.feed.layers, layer.operator) : ZONE_COLOUR;
    const parts = table.shapes.flatMap((shape) => decodeShape(shape, table.scale));
    const older = layer && ["2G", "3G"].includes(layer.technology);
    return window.L.polygon(parts, {
      renderer: this.footprintCanvas, pane: "footprints", interactive: false, smoothFactor: 1,
      color, weight: layer ? 1.2 : 2.2, dashArray: older ? "4 3" : null, fillOpacity: older ? 0.16 : 0.3,
    });
  }

  // A new run has other layers behind the same switches.
  dropLayers() {
    for (const drawn of this.footprints.values()) drawn.remove();
    this.footprints.clear();
    this.shown.clear();
    this.points.covered = [];
    this.done.panels = undefined;
  }

  // Where a village or an area is drawn: a canvas has no elements a test could find.
  locate(event) {
    const { id } = event.detail;
    const village = this.points.find(id);
    const place = village ? village.place : this.areas.find((area) => area.code === id).label;
    const { x, y } = this.map.latLngToContainerPoint(place);
    this.frame.dataset.where = JSON.stringify([x, y]);
  }

  listen() {
    this.frame.addEventListener("where", (event) => this.locate(event));
    this.map.on("mousemove", (event) => this.hover(event));
    this.map.on("mouseout movestart", () => this.hover(null));
    this.map.on("click", (event) => this.click(event));
    this.map.on("focus", () => this.map.scrollWheelZoom.enable());
    this.map.on("blur", () => this.map.scrollWheelZoom.disable());
    new ResizeObserver(() => this.map && this.map.invalidateSize({ animate: false })).observe(this.frame);
  }

  under({ containerPoint, latlng, originalEvent }) {
    const touch = originalEvent && originalEvent.pointerType === "touch";
    const near = this.points.nearest(containerPoint, touch ? REACH_PX.touch : REACH_PX.mouse);
    if (near) return near;
    const { lat, lng } = latlng;
    const outlined = this.map.getZoom() >= 11 ? this.points.covered : [];
    const within = (subject) => inShape(lat, lng, subject.parts, subject.box);
    return outlined.find(within) || (this.areas || []).find(within) || null;
  }

  hover(event) {
    const subject = event && this.number ? this.under(event) : null;
    this.canvas.style.cursor = subject ? "pointer" : "";
    this.tip.hidden = !subject;
    if (!subject) return;
    const lines = tooltipLines(this.data.texts, this.number, subject).filter(Boolean);
    this.tip.replaceChildren(...lines.map((line, k) => make(k ? "div" : "strong", "", line)));
    const { x, y } = event.containerPoint;
    const left = Math.min(x + 14, this.frame.clientWidth - this.tip.offsetWidth - 6);
    const below = y + 16 + this.tip.offsetHeight < this.frame.clientHeight;
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${below ? y + 16 : y - this.tip.offsetHeight - 10}px)`;
  }

  click(event) {
    const subject = this.under(event);
    if (!subject) return;
    if (subject.kind === "area") {
      if (subject.code !== this.data.choice.area) this.send("area", subject.code);
      return;
    }
    this.pickedHere = subject.id;
    this.send("village", subject.id);
  }

  remove() {
    if (this.map) this.map.remove();
    this.map = null;
  }
}

const scripts = new Map();

function script(url) {
  if (!scripts.has(url)) {
    scripts.set(url, new Promise((resolve, reject) => {
      const element = make("script");
      element.src = url;
      element.onload = resolve;
      element.onerror = () => reject(new Error(url));
      document.head.append(element);
    }));
  }
  return scripts.get(url);
}

// The word across the picture, so that a cropped screenshot still carries it.
function watermark(text) {
  const overlay = make("div", "mark-text");
  overlay.append(make("span", "plate", text));
  for (let k = 0; k < 12; k += 1) overlay.append(make("span", "ghost", text));
  return overlay;
}
