// The first view goes when Streamlit's own page is there: its map drawn, or, where it has
// none, its script done. Until then the picture takes the map's own zoom.
(() => {
  const PATIENCE_MS = 15000; // for a map whose own script never comes
  const first = document.getElementById("phusong-first");
  const root = document.getElementById("root");
  root.inert = true; // nobody should tab into a page that is not to be seen yet
  let drawn = false;
  let waited = 0;

  for (const svg of first.querySelectorAll("svg[data-box]")) {
    const [x, y, width, height] = svg.dataset.box.split(" ").map(Number);
    const fit = () => {
      const { clientWidth: wide, clientHeight: high } = svg;
      if (!wide) return;
      const zoom = Math.log2(Math.min((wide - 12) / width, (high - 12) / height));
      const step = 2 ** -(Math.floor(zoom * 4) / 4);
      svg.setAttribute("viewBox", [x + (width - wide * step) / 2, y + (height - high * step) / 2, wide * step, high * step].join(" "));
      svg.style.setProperty("--s", step);
    };
    fit();
    new ResizeObserver(fit).observe(svg);
  }

  // A choice by hand goes off at once; with the arrow keys one passes others on the way.
  let keyed = false;
  first.addEventListener("keydown", () => { keyed = true; });
  first.addEventListener("pointerdown", () => { keyed = false; });
  first.addEventListener("change", ({ target }) => {
    if (target.matches("select") && !keyed) target.form.requestSubmit();
  });

  let left = -Infinity; // a click that takes the focus from a field comes a moment after
  first.addEventListener("focusout", () => { left = performance.now(); });
  const isBusy = () => performance.now() - left < 500 || isTyping();
  const isTyping = () => first.contains(document.activeElement) && document.activeElement.matches("input, select");
  const leave = () => {
    if (!drawn || isBusy() || !first.isConnected) return; // never while somebody types or chooses
    clearInterval(watching);
    const { scrollTop } = first;
    first.remove();
    root.inert = false;
    const main = document.querySelector('[data-testid="stMain"]');
    if (main && scrollTop) main.scrollTop = scrollTop;
  };
  const isDone = () => {
    const app = document.querySelector('[data-testid="stApp"]');
    if (!app || app.dataset.testScriptState !== "notRunning" || !document.querySelector(".st-key-top")) return false;
    waited += WATCH_MS;
    return !document.querySelector(".st-key-map-ahead") || waited > PATIENCE_MS;
  };
  const WATCH_MS = 200;
  const watching = setInterval(() => {
    drawn = drawn || isDone();
    leave();
  }, WATCH_MS);
  document.addEventListener("phusong-drawn", () => {
    drawn = true;
    leave();
  }, { once: true });
})();
