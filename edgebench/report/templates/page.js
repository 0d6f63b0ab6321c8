(() => {
  "use strict";
  const root = document.documentElement;
  const body = document.body; // edgebench watch puts another in its place
  const places = new Map();
  const views = [];
  let lit = "";

  for (const place of document.querySelectorAll("[data-trial]")) {
    const trial = place.dataset.trial;
    if (!places.has(trial)) places.set(trial, []);
    places.get(trial).push(place);
    place.addEventListener("mouseenter", () => light(trial));
    place.addEventListener("mouseleave", () => light(""));
  }

  function light(trial) {
    if (trial === lit) return;
    for (const place of places.get(lit) ?? []) place.classList.remove("lit");
    for (const place of places.get(trial) ?? []) place.classList.add("lit");
    lit = trial;
    for (const view of views) if (view.signals.has("lit")) view.signal("lit", trial).runAsync();
  }

  async function open(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  async function bring(figure, spec) {
    if (figure.dataset.alive || !body.isConnected) return;
    figure.dataset.alive = "coming";
    const holder = figure.querySelector(".chart");
    const live = document.createElement("div");
    live.className = "live";
    live.setAttribute("aria-hidden", "true"); // its holder says what is to be seen
    holder.append(live);
    const { view } = await vegaEmbed(live, spec, { actions: false, renderer: "svg" });
    holder.querySelector(".still").remove();
    holder.classList.add("alive");
    figure.dataset.alive = "yes";
    view.signals = new Set((spec.params ?? []).map((param) => param.name));
    views.push(view);
    view.addEventListener("mouseover", (_, item) => light(item?.datum?.trial_id ?? ""));
    view.addEventListener("mouseout", () => light(""));
    view.addEventListener("click", (_, item) => {
      if (item?.datum?.is_choice) narrow(view, spec, item.datum);
      else if (item?.datum?.trial_id) body.dispatchEvent(new CustomEvent("pin", { detail: item.datum.trial_id }));
    });
    connect(figure, view);
    root.dataset.charts = String(views.length);
  }

  function connect(figure, view) {
    const switches = [...figure.querySelectorAll("input[type=checkbox]")];
    for (const box of switches) {
      box.hidden = false;
      box.addEventListener("change", () => {
        const off = switches.filter((each) => !each.checked).map((each) => each.value);
        view.signal("off", off).runAsync();
      });
    }
    const choice = figure.querySelector("select");
    if (choice) {
      choice.hidden = false;
      figure.querySelector(".chosen").remove();
      choice.addEventListener("change", () => view.signal("device", choice.value).runAsync());
    }
  }

  // Of the values that were clicked a trial must have one on each axis that has any.
  function narrow(view, spec, datum) {
    const word = `${datum.axis}: ${datum.value}`;
    const before = view.signal("clicked");
    const clicked = before.includes(word) ? before.filter((each) => each !== word) : [...before, word];
    const axes = new Set(clicked.map((each) => each.split(": ")[0]));
    const has = new Map();
    for (const row of spec.layer[0].data.values) {
      if (!axes.has(row.axis)) continue;
      const fits = clicked.includes(`${row.axis}: ${row.value}`);
      has.set(row.trial_id, (has.get(row.trial_id) ?? true) && fits);
    }
    const kept = clicked.length ? [...has].filter(([, fits]) => fits).map(([trial]) => trial) : null;
    view.signal("clicked", clicked).signal("kept", kept).runAsync();
  }

  function whenIdle() {
    return new Promise((resolve) => {
      if (window.requestIdleCallback) requestIdleCallback(resolve, { timeout: 200 });
      else setTimeout(resolve);
    });
  }

  async function start() {
    root.dataset.charts = "0";
    const pack = document.getElementById("pack");
    if (!pack || !window.DecompressionStream) return;
    const { charts, specs, tables } = await open(pack.textContent);
    const figures = [...document.querySelectorAll("figure[data-chart]")];
    if (figures.length && !window.vegaEmbed) Function(charts)();
    const inView = (figure) => figure.getBoundingClientRect().top < innerHeight;
    for (const figure of figures.filter(inView)) await bring(figure, specs[figure.dataset.chart]);
    if (!body.isConnected) return;
    root.dataset.first = "alive";
    if (tables) await sortable(tables);
    for (const figure of figures) {
      await whenIdle();
      await bring(figure, specs[figure.dataset.chart]);
    }
    if (body.isConnected) root.dataset.page = "alive";
  }

  async function sortable(library) {
    const DataTable = (window.edgebenchTables ??= Function(library)());
    for (const table of document.querySelectorAll("table.sortable")) {
      const rows = table.tBodies[0].rows.length;
      if (rows < 2) continue;
      await whenIdle();
      if (!body.isConnected) return;
      table.id = table.closest("section").getAttribute("aria-labelledby").replace("title", "table"); // for its state
      new DataTable(table, {
        autoWidth: false,
        info: rows > 60,
        layout: { topStart: null, topEnd: rows > 8 ? "search" : null, bottomStart: rows > 60 ? "info" : null, bottomEnd: rows > 60 ? "paging" : null },
        order: [],
        pageLength: 50,
        paging: rows > 60,
        searching: rows > 8,
        stateDuration: -1, // for as long as the tab is open
        stateSave: true,
      });
    }
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "copied";
        setTimeout(() => { button.textContent = "copy"; }, 1500);
      } catch {
        getSelection().selectAllChildren(code);
      }
    });
  }

  body.addEventListener("leave", () => { for (const view of views) view.finalize(); }, { once: true });
  start();
})();
