(() => {
  "use strict";
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const places = [...document.querySelectorAll("[data-trial]")];
  const views = [];

  function light(trial) {
    for (const place of places) place.classList.toggle("lit", place.dataset.trial === trial);
    for (const view of views) view.signal("lit", trial).runAsync();
  }

  async function bring(figure) {
    const holder = figure.querySelector(".chart");
    const live = document.createElement("div");
    live.className = "live";
    holder.append(live);
    const options = { actions: false, renderer: "svg" };
    const { view } = await vegaEmbed(live, specs[figure.dataset.chart], options);
    holder.querySelector(".still").remove();
    holder.classList.add("alive");
    views.push(view);
    view.addEventListener("mouseover", (_, item) => light(item?.datum?.trial_id ?? ""));
    view.addEventListener("mouseout", () => light(""));
    connect(figure, view);
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

  for (const place of places) {
    place.addEventListener("mouseenter", () => light(place.dataset.trial));
    place.addEventListener("mouseleave", () => light(""));
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

  Promise.all([...document.querySelectorAll("figure[data-chart]")].map(bring)).then(() => {
    document.documentElement.dataset.charts = String(views.length);
  });
})();
