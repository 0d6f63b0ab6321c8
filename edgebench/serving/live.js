(() => {
  "use strict";
  const root = document.documentElement;
  let drawn = document.currentScript.dataset.version;
  const kept = `edgebench-watch ${document.title}`;
  const everyMs = 2000;
  const KEYS = ["data-trial", "data-chart", "aria-labelledby"];
  const note = document.createElement("output");
  note.setAttribute("aria-live", "off");
  Object.assign(note.style, {
    position: "fixed", right: "0.5rem", bottom: "0.5rem", padding: "0.1rem 0.5rem", zIndex: "1000",
    font: "0.75rem system-ui, sans-serif", background: "Canvas", color: "CanvasText", border: "1px solid",
  });
  document.body.append(note);

  function keyOf(element) {
    const key = KEYS.find((name) => element.hasAttribute(name));
    return key ? `[${key}="${CSS.escape(element.getAttribute(key))}"]` : "";
  }

  // What the next drawing calls this, too: its section and trial, what it is, and its number among those alike.
  function nameOf(element) {
    let selector = element.localName + keyOf(element);
    for (let each = element.parentElement; each; each = each.parentElement) {
      if (keyOf(each)) selector = `${keyOf(each)} ${selector}`;
    }
    return [selector, [...document.querySelectorAll(selector)].indexOf(element)];
  }

  function find([selector, number]) {
    return document.querySelectorAll(selector)[number];
  }

  const controls = () => [...document.querySelectorAll("[data-chart] :is(input, select)")];
  const state = (control) => (control.type === "checkbox" ? "checked" : "value");
  const top = (element) => element.getBoundingClientRect().top;

  function keepPlace() {
    const read = [...document.querySelectorAll("section")].findLast((each) => top(each) <= 1) ?? document.body;
    const focused = document.activeElement ?? document.body;
    const place = {
      x: scrollX,
      read: nameOf(read),
      above: top(read),
      open: [...document.querySelectorAll("details[open]")].map(nameOf),
      controls: controls().map((each) => [nameOf(each), each[state(each)]]),
      focused: nameOf(focused),
      selected: focused.selectionStart === undefined ? null : [focused.selectionStart, focused.selectionEnd],
    };
    sessionStorage.setItem(kept, JSON.stringify(place));
  }

  function control(place) {
    for (const [name, value] of place.controls) {
      const found = find(name);
      if (!found || found.closest("[data-chart]").dataset.alive !== "yes" || found[state(found)] === value) continue;
      found[state(found)] = value;
      found.dispatchEvent(new Event("change"));
    }
  }

  function focus(place) {
    const found = find(place.focused);
    if (!found || document.activeElement !== document.body) return;
    found.focus({ preventScroll: true });
    if (place.selected && found.setSelectionRange) found.setSelectionRange(...place.selected);
  }

  // Charts and tables come to life one by one, and move what is below them; whoever touches the page is left alone.
  function findPlace() {
    const place = JSON.parse(sessionStorage.getItem(kept) ?? "null");
    if (!place) return;
    let isThere = false;
    const comeBack = () => {
      if (isThere) return observer.disconnect();
      control(place);
      focus(place);
      const read = find(place.read);
      if (read) scrollTo(place.x, scrollY + top(read) - place.above);
      isThere = root.dataset.page === "alive" && document.readyState === "complete";
    };
    const observer = new MutationObserver(comeBack);
    observer.observe(root, { attributes: true });
    // The browser goes to the address's fragment last.
    addEventListener("load", () => requestAnimationFrame(comeBack), { once: true });
    for (const touch of ["wheel", "touchstart", "pointerdown", "keydown"]) {
      addEventListener(touch, () => { isThere = true; }, { once: true, passive: true });
    }
    for (const each of document.querySelectorAll("details")) each.open = false;
    for (const name of place.open) find(name)?.setAttribute("open", "");
    comeBack();
  }

  // The next drawing takes the place of this one in the same document, and its scripts run.
  async function renew() {
    const answer = await fetch("/", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const tag = next.querySelector("script[data-version]");
    drawn = tag.dataset.version;
    tag.remove();
    keepPlace();
    for (const name of Object.keys(root.dataset)) delete root.dataset[name];
    document.title = next.title;
    document.body.dispatchEvent(new Event("leave"));
    document.body.replaceWith(document.adoptNode(next.body));
    document.body.append(note);
    for (const script of document.body.querySelectorAll("script:not([type])")) {
      const run = document.createElement("script");
      run.textContent = script.textContent;
      script.replaceWith(run);
    }
    findPlace();
  }

  async function look() {
    if (document.hidden) return;
    try {
      const asked = await fetch("/version", { cache: "no-store" });
      if (!asked.ok) throw new Error(String(asked.status));
      const { version } = await asked.json();
      note.textContent = "live";
      if (version !== drawn && getSelection().isCollapsed) await renew();
    } catch {
      note.textContent = "edgebench watch has ended, or cannot read the run: this page stays as it is";
    }
  }

  async function follow() {
    await look();
    setTimeout(follow, everyMs);
  }

  history.scrollRestoration = "manual";
  addEventListener("pagehide", keepPlace);
  findPlace();
  follow();
})();
