// The map of villages without coverage. Built once for a page and kept; each rerun of
// the page only hands over what the reader chose, and only that is drawn anew.

import { bitsOf, decodeShape, fetchTable, pictureOf, villagesOf } from "./shapes.js";
import { classesFor } from "./style.js";
import { pathOf, plane, sceneLayer } from "./scene.js";
import { folding, legend, make, operatorColour, switches, titleOf, tooltipLines } from "./panel.js";
import { labelLayer } from "./labels.js";

const views = new WeakMap();
const REACH_PX = { mouse: 11, touch: 22 };
const NEAR_ZOOM = 11.5;

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
    // asked for as well where one rerun overtakes another, with the map still in the page
    if (parentElement.isConnected) return;
    views.delete(parentElement);
    view.remove();
  };
}

class MapView {
  constructor(root) {
    this.frame = root.querySelector(".phusong-map") || root.appendChild(make("div", "phusong-map"));
    this.shown = new Set();
    this.shapes = new Map();
    this.near = new Set();
    this.areaTables = new Map();
    this.areas = new Map();
    this.done = {};
    this.work = Promise.resolve();
    this.watch();
  }

  // A component hears of a rerun only after the page has been painted; the hidden element
  // changes with the page, so the map is drawn in the same frame as the figures beside it.
  watch() {
    this.watching = new MutationObserver(() => this.look());
    this.watching.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-told"] });
  }

  look() {
    const told = document.querySelector(".st-key-map-ahead [data-told]")?.dataset.told;
    if (!told || told === this.told || !this.data) return;
    this.told = told;
    const { state, stamp, held } = JSON.parse(told);
    if (stamp !== this.data.stamp && held === this.data.held) this.update({ ...this.data, state, stamp });
  }

  update(data) {
    if (this.data && this.data.stamp === data.stamp && this.data.held === data.held) {
      this.data = data;
      return;
    }
    this.data = data;
    this.work = this.work.then(() => this.apply(data)).catch((error) => this.fail(error));
  }

  async apply(data) {
    if (data.stamp !== this.data.stamp) return; // a newer choice is already waiting
    const { feed, state, language } = data;
    this.frame.dataset.mode = state.mode;
    const at = { areas: bare(state.areas.url), villages: bare(feed.villages), outlines: bare(feed.outlines) };
    const tables = Promise.all([
      this.done.areas === at.areas ? null : this.areaTable(state.areas.url),
      this.done.villages === at.villages ? null : fetchTable(feed.villages),
      state.mode !== "villages" || this.done.outlines === at.outlines || !feed.outlines ? null : fetchTable(feed.outlines),
    ]);
    if (!this.map) await Promise.all([this.build(data), tables]);
    this.load(data, await tables);
    await this.overlays(data);
    this.style(data);
    if (this.done.words !== `${language} ${state.mode} ${at.areas} ${at.villages}`) this.writePanels(data);
    else if (this.done.most !== this.most) this.writeLegend(data);
    if (!this.go(state)) this.scene.paint();
    this.labels.paint();
    this.frame.dataset.area = state.area;
    this.frame.dataset.village = state.village;
    this.frame.dataset.ready = data.stamp;
    document.dispatchEvent(new Event("phusong-drawn")); // the first view may go
    if (state.areas.nearer) whenIdle(() => this.fetchAhead(state.areas.nearer));
  }

  async fetchAhead(url) {
    try {
      this.areasOf(url, await this.areaTable(url));
    } catch (error) {
      console.warn("map", error); // the choice that needs them will ask again
    }
  }

  // Areas once fetched are kept; those that a choice will ask for are fetched before it does.
  areaTable(url) {
    const key = bare(url);
    if (!this.areaTables.has(key)) {
      this.areaTables.set(key, fetchTable(url));
      this.areaTables.get(key).catch(() => this.areaTables.delete(key));
    }
    return this.areaTables.get(key);
  }

  areasOf(url, table) {
    const key = bare(url);
    if (!this.areas.has(key)) {
      this.areas.set(key, table.codes.map((code, k) => ({
        kind: "area", code, name: table.names[k], label: [table.labels[k][1], table.labels[k][0]],
        ...pathOf(decodeShape(table.shapes[k], table.scale), this.plane), uncovered: 0, villages: 0,
      })));
    }
    return this.areas.get(key);
  }

  fail(error) {
    console.warn("map", error);
    document.dispatchEvent(new Event("phusong-drawn"));
    const text = this.data.texts.failed;
    if (!this.frame.querySelector(".failed")) this.frame.append(make("div", "failed", text));
  }

  async build({ program, tiles }) {
    await Promise.all([this.sheet(program.leafletStyle), this.sheet(program.style), script(program.leaflet)]);
    const L = window.L;
    this.canvas = make("div", "canvas");
    this.frame.append(this.canvas);
    // a click focuses the map; were the page to scroll for it, the click would hit elsewhere
    this.canvas.focus = () => HTMLElement.prototype.focus.call(this.canvas, { preventScroll: true });
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(this.canvas, {
      attributionControl: false, zoomControl: false, scrollWheelZoom: false,
      zoomSnap: 0.25, wheelPxPerZoomLevel: 90, zoomAnimation: !calm, fadeAnimation: false, minZoom: 5, maxZoom: 16,
    });
    this.calm = calm;
    L.control.zoom({ position: "topleft" }).addTo(this.map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.map);
    for (const [name, level] of [["scene", 350], ["labels", 430]]) {
      this.map.createPane(name).style.zIndex = level;
      this.map.getPane(name).style.pointerEvents = "none";
    }
    if (tiles) L.tileLayer(tiles, { maxZoom: 16 }).addTo(this.map);
    this.scene = sceneLayer(L, "scene");
    this.scene.tiles = Boolean(tiles);
    this.labels = labelLayer(L, "labels");
    this.tip = this.frame.appendChild(make("div", "tip"));
    this.tip.hidden = true;
    this.listen();
  }

  sheet(url) {
    return new Promise((resolve, reject) => {
      const link = make("link");
      link.rel = "stylesheet";
      link.href = url;
      link.onload = resolve;
      link.onerror = () => reject(new Error(url));
      this.frame.before(link);
    });
  }

  load({ feed, state }, [areas, villages, outlines]) {
    if (villages) this.loadVillages(villages, feed);
    if (areas) this.loadAreas(areas, state);
    if (outlines) {
      this.done.outlines = bare(feed.outlines);
      outlines.shapes.forEach((shape, k) => this.outline(this.scene.villages[k], shape, outlines.scale));
      this.scene.reshape();
    }
    if (!this.scene._map) {
      this.map.fitBounds(this.home, { animate: false, padding: [6, 6] });
      this.scene.addTo(this.map);
      this.labels.addTo(this.map);
      this.map.on("moveend", () => this.comeNear());
    }
  }

  loadVillages(table, feed) {
    const [[south, west], [north, east]] = table.bounds;
    this.home = table.bounds;
    this.scene.plane = this.plane = plane([(south + north) / 2, (west + east) / 2]);
    this.scene.villages = villagesOf(table, this.plane);
    this.scene.byId = new Map(this.scene.villages.map((village) => [village.id, village]));
    this.done = { villages: bare(feed.villages), focus: "" };
    this.shapes.clear();
    this.areas.clear();
    this.areaTables.clear();
    this.near.clear();
    this.shown.clear();
    this.scene.footprints = [];
    this.scene.signals = [];
    this.scene.zones = [];
    this.scene.reshape();
  }

  loadAreas(table, state) {
    this.done.areas = bare(state.areas.url);
    this.scene.areas = this.areasOf(state.areas.url, table);
    this.labels.areas = this.scene.areas;
  }

  outline(village, shape, scale) {
    if (village) Object.assign(village, pathOf(decodeShape(shape, scale), this.plane));
  }

  // Detailed outlines of what is in view, once the reader is near enough to see them.
  async comeNear() {
    if (this.data.state.mode !== "villages" || this.map.getZoom() < NEAR_ZOOM) return;
    const { feed } = this.data;
    const view = this.map.getBounds();
    const wanted = feed.chunks.filter((chunk) => !this.near.has(bare(chunk.url)) && view.intersects(chunk.box));
    for (const { url } of wanted) this.near.add(bare(url));
    try {
      await Promise.all(wanted.map((chunk) => this.loadChunk(chunk.url, feed)));
    } catch (error) {
      this.fail(error);
    }
  }

  async loadChunk(url, feed) {
    const table = await fetchTable(url);
    if (bare(this.data.feed.villages) !== bare(feed.villages)) return;
    table.shapes.forEach((shape, k) => this.outline(this.scene.villages[table.rows[k]], shape, table.scale));
    this.scene.reshape();
    this.scene.paint();
  }

  style({ state }) {
    const { villages, areas } = this.scene;
    const shown = bitsOf(state.shown, villages.length);
    const inArea = bitsOf(state.inArea, villages.length);
    villages.forEach((village, k) => {
      village.verdict = state.verdicts ? state.verdicts[k] : village.published;
      village.before = state.before ? state.before[k] : null;
      village.shown = shown ? shown[k] === 1 : true;
      village.inArea = inArea ? inArea[k] === 1 : true;
    });
    areas.forEach((area, k) => {
      [area.uncovered, area.villages] = state.areas.figures[k] || [0, 0];
    });
    this.most = Math.max(0, ...areas.map((area) => area.uncovered));
    this.scene.classes = classesFor(this.most);
    this.scene.state = state;
    this.labels.area = state.area;
    this.scene.regroup();
  }

  // Goes where the state says; true where that has painted the scene already.
  go(state) {
    const village = state.village && this.scene.byId.get(state.village);
    const place = JSON.stringify(state.focus);
    const moved = this.done.focus !== place && !(this.done.focus === "" && state.focus === null);
    const picked = this.done.village !== state.village;
    this.done.focus = place;
    this.done.village = state.village;
    const flies = village && picked && this.pickedHere !== state.village;
    const jumps = moved && !flies;
    if (flies) {
      const zoom = Math.max(this.map.getZoom(), 10.5);
      if (this.calm) this.map.setView(village.place, zoom, { animate: false });
      else this.map.flyTo(village.place, zoom, { duration: 0.3 });
    } else if (jumps) {
      const options = { paddingTopLeft: [state.focus ? this.legendWidth() : 6, 20], paddingBottomRight: [10, 10] };
      this.map.fitBounds(state.focus || this.home, { ...options, animate: false }); // a flight is what one waits for
    }
    this.pickedHere = null;
    return jumps;
  }

  // So that a chosen area is not drawn under an open legend.
  legendWidth() {
    const details = this.frame.querySelector(".key details");
    const wide = this.frame.clientWidth > 640;
    return wide && details && details.open ? details.offsetWidth + 16 : 10;
  }

  writePanels(data) {
    const { texts, feed, language, state } = data;
    this.done.words = `${language} ${state.mode} ${bare(state.areas.url)} ${bare(feed.villages)}`;
    const format = new Intl.NumberFormat(language === "vi" ? "vi-VN" : "en-GB");
    this.number = (value) => format.format(value);
    this.scene.number = this.number;
    const hands = { onSwitch: (title, on) => this.switch(title, on), onOpacity: (value) => this.fade(value) };
    const held = { shown: this.shown, opacity: this.scene.opacity, zones: state.mode === "zones" };
    this.panel("layers", folding(texts.layers, switches(texts, feed, held, hands), this.isOpen("layers", state.mode === "zones" && this.frame.clientWidth > 640)));
    this.writeLegend(data);
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", texts.mapLabel);
    this.frame.querySelector(".leaflet-control-zoom-in")?.setAttribute("aria-label", texts.zoomIn);
    this.frame.querySelector(".leaflet-control-zoom-out")?.setAttribute("aria-label", texts.zoomOut);
    this.frame.querySelector(".mark-text")?.remove();
    if (feed.reconstruction) this.frame.append(watermark(texts.mark));
  }

  writeLegend({ texts, state }) {
    this.done.most = this.most;
    const content = legend(texts, state.mode, this.scene.classes, this.number, this.scene.zones);
    this.panel("key", folding(texts.legend, content, this.isOpen("key", this.frame.clientWidth > 640)));
  }

  isOpen(name, otherwise) {
    return this.frame.querySelector(`.${name} details`)?.open ?? otherwise;
  }

  panel(name, content) {
    let corner = this.frame.querySelector(`.${name}`);
    if (!corner) corner = this.frame.appendChild(make("div", `corner ${name}`));
    corner.replaceChildren(content);
  }

  switch(title, on) {
    if (on) this.shown.add(title);
    else this.shown.delete(title);
    this.send("layers", [...this.shown].join(","));
    if (title.endsWith(" dBm")) this.writePanels(this.data); // its classes come into the legend
    this.overlays(this.data, true).then(() => this.scene.paint()).catch((error) => this.fail(error));
  }

  fade(opacity) {
    this.scene.opacity = opacity;
    this.scene.paint();
  }

  // Footprints and zones laid over: those of the address at first, then what was switched.
  async overlays({ feed, state }, switched = false) {
    if (!switched && this.done.layers !== state.layers) {
      this.shown = new Set(state.layers ? state.layers.split(",") : []);
      if (this.done.layers !== undefined) this.done.words = "";
    }
    this.done.layers = switched ? [...this.shown].join(",") : state.layers;
    const wanted = feed.layers.filter((layer) => this.shown.has(titleOf(layer)));
    const zones = feed.zones5g && (state.mode === "zones" || this.shown.has("5G"));
    const [tables, zoneTable] = await Promise.all([
      Promise.all(wanted.map((layer) => this.shape(layer.url))), zones ? this.shape(feed.zones5g) : null,
    ]);
    const laid = wanted.map((layer, k) => ({ layer, table: tables[k] }));
    this.scene.signals = laid.filter(({ layer }) => layer.kind === "signal").map(({ table }) => table);
    this.scene.footprints = laid.filter(({ layer }) => layer.kind !== "signal").map(({ layer, table }) => ({
      path: table.paths[0].path, colour: operatorColour(feed.layers, layer.operator), dashed: ["2G", "3G"].includes(layer.technology),
    }));
    this.scene.zones = zoneTable ? zoneTable.zones : [];
  }

  shape(url) {
    const key = bare(url);
    if (!this.shapes.has(key)) {
      this.shapes.set(key, this.fetchShape(url));
      this.shapes.get(key).catch(() => this.shapes.delete(key)); // the next switch may have more luck
    }
    return this.shapes.get(key);
  }

  async fetchShape(url) {
    const table = await fetchTable(url);
    if (table.image) return { image: await pictureOf(table.image), box: table.box };
    const paths = table.shapes.map((shape) => pathOf(decodeShape(shape, table.scale), this.plane));
    const zones = (table.zone || []).map((zone, k) => ({
      kind: "zone", zone, operator: table.operator[k], status: table.status[k], ...paths[k],
    }));
    return { paths, zones };
  }

  // Where a village, an area or a zone is drawn: a canvas has no elements a test could find.
  locate(event) {
    const { id } = event.detail;
    const village = this.scene.byId.get(id);
    const place = village ? village.place : this.scene.areas.find((area) => area.code === id).label;
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
    const { scene } = this;
    if (!scene.plane || !scene._map) return null;
    const touch = originalEvent && originalEvent.pointerType === "touch";
    const near = scene.nearest(containerPoint, touch ? REACH_PX.touch : REACH_PX.mouse);
    if (near) return near;
    const { mode } = scene.state;
    const zone = mode === "zones" && scene.holding(scene.zones, latlng);
    if (zone) return zone;
    return (mode === "villages" && scene.holding(scene.villages, latlng)) || scene.holding(scene.areas, latlng) || null;
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
      if (subject.code !== this.data.state.area) this.send("area", subject.code);
    } else if (subject.kind === "zone") {
      this.send("zone", subject.zone);
    } else {
      this.pickedHere = subject.id;
      this.send("village", subject.id);
    }
  }

  remove() {
    this.watching.disconnect();
    if (this.map) this.map.remove();
    this.map = null;
  }
}

// Safari has no such call; there a pause after the drawing does.
function whenIdle(work) {
  if (window.requestIdleCallback) window.requestIdleCallback(work);
  else setTimeout(work, 300);
}

// An address without the key that lets this reader in: keys change, what they open does not.
function bare(url) {
  return url ? url.split("?")[0] : url;
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
