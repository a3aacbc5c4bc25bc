/* What moves on the page: the theme, sorted tables, copied tickets, charts drawn when they come into view, print. */
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const data = JSON.parse(document.getElementById("gctail-data").textContent);
  const charts = new Map();
  const show = (element) => { element.hidden = false; };

  /* Charts */
  const mount = (element) => {
    if (charts.has(element)) return;
    const article = element.closest("article");
    const items = all("[data-moment]", article);
    charts.set(element, GctailCharts.mount(element, data[Number(element.dataset.course)].course, {
      onMove: (facts) => {
        const near = new Set(facts ? facts.marks.map((mark) => String(mark.moment)) : []);
        items.forEach((item) => item.classList.toggle("near", near.has(item.dataset.moment)));
      },
    }));
  };
  const holders = all("[data-course]");
  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
    if (!entry.isIntersecting) return;
    seen.unobserve(entry.target);
    mount(entry.target);
  }), { rootMargin: "600px" });
  const redraw = () => charts.forEach((chart) => chart.redraw());

  /* The story leads into the charts */
  for (const holder of holders) {
    const { course } = data[Number(holder.dataset.course)];
    for (const mark of course.marks) {
      const title = holder.closest("article").querySelector(`[data-moment="${Number(mark.moment)}"] .title`);
      if (!title) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Show in the charts";
      button.textContent = title.textContent;
      button.addEventListener("click", () => { mount(holder); charts.get(holder).select(mark.x); });
      title.replaceChildren(button);
    }
  }

  /* Theme: as the system says, until somebody says otherwise */
  const theme = document.getElementById("theme");
  const names = { "": "Theme: system", light: "Theme: light", dark: "Theme: dark" };
  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("gctail-theme") || "";
      localStorage.setItem("gctail-theme", value);
    } catch { /* a page from a file may have no storage: the choice then lasts as long as the page */ }
    return value || "";
  };
  const dress = (value) => {
    if (value) root.dataset.theme = value; else delete root.dataset.theme;
    theme.textContent = names[value] || names[""];
    redraw();
  };
  theme.addEventListener("click", () => {
    const order = ["", "dark", "light"];
    const value = order[(order.indexOf(root.dataset.theme || "") + 1) % order.length];
    stored(value);
    dress(value);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  show(theme);

  /* Print: light, all charts, the width of the paper */
  const print = document.getElementById("print");
  print.addEventListener("click", () => window.print());
  show(print);
  let before = "";
  const PAPER = 690;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme || "";
    root.dataset.theme = "light";
    holders.forEach(mount);
    charts.forEach((chart) => { chart.fixed = PAPER; chart.redraw(); });
    all("details").forEach((each) => { each.dataset.was = each.open ? "1" : ""; each.open = true; });
  });
  addEventListener("afterprint", () => {
    charts.forEach((chart) => { chart.fixed = null; });
    all("details").forEach((each) => { each.open = each.dataset.was === "1"; });
    dress(before);
  });

  /* Tables: a click sorts, figures from the largest, another click turns the order round */
  const worth = (row, at, figures) => {
    const cell = row.cells[at];
    if (!figures) return cell.textContent;
    const value = cell.dataset.value === undefined ? parseFloat(cell.textContent.replace(/,/g, "")) : Number(cell.dataset.value);
    return Number.isFinite(value) ? value : -Infinity;
  };
  for (const table of all("table.sortable")) {
    const heads = all("th", table), body = table.tBodies[0];
    heads.forEach((head, at) => head.querySelector("button").addEventListener("click", () => {
      const figures = head.classList.contains("figures"), was = head.getAttribute("aria-sort");
      const down = was === "none" ? figures : was === "ascending";
      const rows = Array.from(body.rows, (row, place) => [row, place, worth(row, at, figures)]);
      rows.sort(([, first, a], [, second, b]) => {
        const order = figures ? a - b || 0 : a.localeCompare(b);
        return (down ? -order : order) || first - second;
      });
      body.append(...rows.map(([row]) => row));
      heads.forEach((each) => each.setAttribute("aria-sort", each === head ? (down ? "descending" : "ascending") : "none"));
    }));
  }

  /* Copy for a ticket */
  const copied = async (words) => {
    try {
      await navigator.clipboard.writeText(words);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = words;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  for (const button of all("button.copy")) {
    show(button);
    button.addEventListener("click", async () => {
      const done = await copied(data[Number(button.dataset.ticket)].ticket);
      button.parentElement.querySelector(".copied").textContent = done ? "Copied as Markdown" : "The browser does not let us copy";
    });
  }

  if (stored()) dress(stored());
  document.fonts.ready.then(() => holders.forEach((each) => seen.observe(each)));
})();
