(() => {
  "use strict";
  const drawn = document.currentScript.dataset.version;
  const kept = "edgebench-watch";
  const everyMs = 2000;
  const note = document.createElement("output");
  note.setAttribute("aria-live", "off");
  Object.assign(note.style, {
    position: "fixed", right: "0.5rem", bottom: "0.5rem", padding: "0.1rem 0.5rem", zIndex: "1000",
    font: "0.75rem system-ui, sans-serif", background: "Canvas", color: "CanvasText", border: "1px solid",
  });
  document.body.append(note);

  const details = () => [...document.querySelectorAll("details")];

  function keepPlace() {
    const open = details().flatMap((each, number) => (each.open ? [number] : []));
    sessionStorage.setItem(kept, JSON.stringify({ x: scrollX, y: scrollY, open }));
  }

  function findPlace() {
    const place = JSON.parse(sessionStorage.getItem(kept) ?? "null");
    sessionStorage.removeItem(kept);
    if (!place) return;
    details().forEach((each, number) => { each.open = place.open.includes(number); });
    // The charts are drawn after this, and move what is below them.
    for (const afterMs of [0, 300, 1000]) setTimeout(() => scrollTo(place.x, place.y), afterMs);
  }

  async function look() {
    if (document.hidden) return;
    try {
      const asked = await fetch("/version", { cache: "no-store" });
      if (!asked.ok) throw new Error(String(asked.status));
      const { version } = await asked.json();
      note.textContent = "live";
      if (version !== drawn && getSelection().isCollapsed) {
        keepPlace();
        location.reload();
      }
    } catch {
      note.textContent = "edgebench watch has ended, or cannot read the run: this page stays as it is";
    }
  }

  async function follow() {
    await look();
    setTimeout(follow, everyMs);
  }

  history.scrollRestoration = "manual";
  findPlace();
  follow();
})();
