(() => {
  "use strict";
  const MOST = 4;
  const tray = document.getElementById("tray");
  const { columns, rows } = JSON.parse(document.getElementById("data").textContent).trials;
  const trials = new Map(rows.map((row) => [row[0], Object.fromEntries(columns.map((name, i) => [name, row[i]]))]));
  const HIDDEN = new Set(["trial_id", "arch_id", "is_baseline"]);

  function pinned() {
    const found = new URLSearchParams(location.hash.slice(1)).get("pins");
    return [...new Set((found ?? "").split(","))].filter((trial) => trials.has(trial)).slice(0, MOST);
  }

  function pin(pins) {
    history.replaceState(null, "", pins.length ? `#pins=${pins.join(",")}` : location.pathname + location.search);
    draw(pins);
  }

  function toggle(trial) {
    const pins = pinned();
    if (pins.includes(trial)) pin(pins.filter((each) => each !== trial));
    else if (trials.has(trial)) pin([...pins.slice(pins.length === MOST ? 1 : 0), trial]);
  }

  function written(value) {
    if (value === null || value === undefined || value === "") return "n/a";
    if (typeof value !== "number") return String(value);
    if (Number.isInteger(value)) return value.toLocaleString("en").replaceAll(",", "\u202f");
    return String(Number(value.toPrecision(4)));
  }

  // Shares differ by points, all else by per cent of the first pin.
  function difference(name, value, first) {
    if (typeof value !== "number" || typeof first !== "number" || value === first) return "";
    const isShare = /^(val|test)_(?!loss)/.test(name) && Math.max(Math.abs(value), Math.abs(first)) <= 1;
    const change = isShare ? 100 * (value - first) : first ? 100 * (value / first - 1) : NaN;
    if (!Number.isFinite(change)) return "";
    return `${change > 0 ? "+" : "\u2212"}${Math.abs(change).toFixed(1)}${isShare ? " pt" : " %"}`;
  }

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function row(name, pins) {
    const values = pins.map((trial) => trials.get(trial)[name]);
    if (values.every((value) => value === null || value === undefined || value === "")) return null;
    const line = document.createElement("tr");
    if (new Set(values.map(String)).size > 1) line.className = "differs";
    line.append(element("th", name.replace(/^hp\./, "").replaceAll("_", " "), { scope: "row" }));
    for (const value of values) {
      const cell = element("td", written(value));
      const change = difference(name, value, values[0]);
      if (change) cell.append(" ", element("small", change));
      line.append(cell);
    }
    return line;
  }

  function draw(pins) {
    tray.hidden = pins.length === 0;
    document.body.classList.toggle("with-tray", !tray.hidden);
    for (const link of document.querySelectorAll("a.trial")) {
      link.toggleAttribute("data-pinned", pins.includes(link.textContent.trim()));
    }
    tray.replaceChildren();
    if (tray.hidden) return;
    const table = document.createElement("table");
    const head = document.createElement("tr");
    head.append(element("td", ""));
    for (const trial of pins) {
      const cell = element("th", `${trial} `, { scope: "col" });
      const away = element("button", "unpin", { type: "button", "aria-label": `unpin ${trial}` });
      away.addEventListener("click", () => toggle(trial));
      cell.append(away);
      head.append(cell);
    }
    table.append(document.createElement("thead"), document.createElement("tbody"));
    table.tHead.append(head);
    const lines = columns.filter((name) => !HIDDEN.has(name)).map((name) => row(name, pins));
    table.tBodies[0].append(...lines.filter((line) => line));
    const title = element("h2", pins.length === 1 ? "Pinned; pin another to compare" : "Compared with the first");
    const scroll = element("div", "", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Pinned models" });
    scroll.append(table);
    tray.append(title, scroll);
  }

  document.body.addEventListener("click", (event) => {
    const link = event.target.closest("a.trial");
    if (!link) return;
    event.preventDefault();
    toggle(link.textContent.trim());
  });
  document.body.addEventListener("pin", (event) => toggle(event.detail));
  addEventListener("hashchange", () => { if (tray.isConnected) draw(pinned()); });
  draw(pinned());
})();
