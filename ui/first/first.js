// The first view goes when Streamlit's own page is there: its map drawn, or, where it has
// none, its script done. Until then the picture takes the map's own zoom.
(() => {
  const first = document.getElementById("phusong-first");
  const root = document.getElementById("root");
  root.inert = true; // nobody should tab into a page that is not to be seen yet

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

  for (const select of first.querySelectorAll("select")) select.addEventListener("change", () => select.form.submit());

  const leave = () => {
    const busy = document.activeElement;
    if (first.contains(busy) && busy.matches("input, select")) {
      busy.addEventListener("blur", leave, { once: true }); // never while somebody types or chooses
      return;
    }
    clearInterval(watching);
    const { scrollTop } = first;
    first.remove();
    root.inert = false;
    const main = document.querySelector('[data-testid="stMain"]');
    if (main && scrollTop) main.scrollTop = scrollTop;
  };
  const done = () => {
    const app = document.querySelector('[data-testid="stApp"]');
    if (!app || app.dataset.testScriptState !== "notRunning") return false;
    return document.querySelector(".st-key-top") && !document.querySelector(".st-key-map-ahead");
  };
  const watching = setInterval(() => done() && leave(), 200);
  document.addEventListener("phusong-drawn", leave, { once: true });
})();
