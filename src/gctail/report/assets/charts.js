/* Charts of one process over time: heap, allocation, collector, pauses, and the rates of messages under them.

   GctailCharts.mount(element, course, options) draws into an element and returns
     { update(course), zoom(min, max), follow(seconds), reset(), select(x), redraw(), resize(width), destroy(), view() }.
   follow(60) shows the last minute and, when update brings more, moves on with it.
   `course` is what gctail.report.course makes: x, columns, limits, band, marks, rates.
   options.onMove(facts or null) hears where the cursor is; options.onRange(range, following) what part is shown;
   options.tools === false leaves out the buttons. Colours are the CSS variables --gc-…, read at every redraw.
   All text goes in as text nodes. One cursor and one zoom serve all charts of an element. */
"use strict";
const GctailCharts = (() => {
  const GUTTER = 74, RIGHT = 26, FAR = 3, STARTED = 0.03;  // what a process allocates at once when it starts would flatten the rest
  const STEPS = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
    10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2419200, 7257600, 31536000,
  ];
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const FLAGGED = new Set(["onset", "first-warning", "spike", "step", "spiral", "death"]);

  /* ---- words ---- */
  const known = (value) => value !== null && value !== undefined && Number.isFinite(value);
  const digits = (value) =>
    Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
  const mib = (value) => {
    if (!known(value)) return "–";
    return Math.abs(value) >= 1024 ? `${Number((value / 1024).toPrecision(3))} GiB` : `${digits(value)} MiB`;
  };
  const percent = (value) => (known(value) ? `${digits(value * 100)}%` : "–");
  const elapsed = (seconds, step) => {
    if (Math.abs(seconds) < 1e-9) return "0";
    const [size, name] = UNITS.find(([unit]) => step >= unit / 2) || UNITS[3];
    return `${Number((seconds / size).toPrecision(4))} ${name}`;
  };
  const span = (seconds) => {
    if (!known(seconds)) return "–";
    if (Math.abs(seconds) < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
    for (const [[big, name], [small, below]] of [[UNITS[0], UNITS[1]], [UNITS[1], UNITS[2]], [UNITS[2], UNITS[3]]])
      if (seconds >= big) {
        const rest = Math.floor((seconds % big) / small);
        return `${Math.floor(seconds / big)} ${name}${rest ? ` ${rest} ${below}` : ""}`;
      }
    return "";
  };
  const stamp = (unix) => new Date(unix * 1000).toISOString();
  const place = (course, x) => {
    if (course.unit === "collection") return `gc ${Math.round(x)}`;
    const up = `+${span(x)}`;
    return known(course.start_s) ? `${stamp(course.start_s + x).slice(11, 21)} UTC, ${up}` : up;
  };

  /* ---- little helpers ---- */
  const make = (name, cls, words) => {
    const element = document.createElement(name);
    if (cls) element.className = cls;
    if (words !== undefined) element.textContent = words;
    return element;
  };
  const colours = (element) => {
    const style = getComputedStyle(element);
    return (name) => style.getPropertyValue(`--gc-${name}`).trim() || "#888";
  };
  const nearest = (xs, x) => {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) low = middle; else high = middle;
    }
    return Math.abs(xs[high] - x) < Math.abs(xs[low] - x) ? high : low;
  };
  const last = (xs) => xs[xs.length - 1];
  const peak = (values) => values.reduce((most, value) => (known(value) && value > most ? value : most), 0);

  /* ---- what is drawn over the heap ---- */
  const inside = (u, draw) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw(ctx, (x) => u.valToPos(x, "x", true), (y) => u.valToPos(y, "y", true), uPlot.pxRatio);
    ctx.restore();
  };
  const drawBand = (band, colour) => (u) => band && inside(u, (ctx, px, py, ratio) => {
    ctx.beginPath();
    band.x.forEach((x, i) => ctx.lineTo(px(x), py(band.high[i])));
    for (let i = band.x.length - 1; i >= 0; i--) ctx.lineTo(px(band.x[i]), py(band.low[i]));
    ctx.closePath();
    ctx.globalAlpha = 0.16;
    ctx.fillStyle = colour("forecast");
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    band.x.forEach((x, i) => ctx.lineTo(px(x), py(band.likely[i])));
    ctx.strokeStyle = colour("forecast");
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.stroke();
  });
  const drawLimits = (limits, colour, font) => (u) => inside(u, (ctx, px, py, ratio) => {
    ctx.font = `${11 * ratio}px ${font}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    for (const limit of limits) {
      const y = py(limit.mib);
      const solid = /limit$/.test(limit.name);
      ctx.strokeStyle = ctx.fillStyle = colour("limit");
      ctx.lineWidth = (solid ? 1.75 : 1.25) * ratio;
      ctx.setLineDash(solid ? [] : [2 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(u.bbox.left, y);
      ctx.lineTo(u.bbox.left + u.bbox.width, y);
      ctx.stroke();
      ctx.setLineDash([]);
      const whole = `${limit.name} ${mib(limit.mib)}`, room = u.bbox.width - 16 * ratio;
      const words = ctx.measureText(whole).width <= room ? whole : `${limit.short || limit.name} ${mib(limit.mib)}`;
      ctx.lineJoin = "round";
      ctx.lineWidth = 4 * ratio;
      ctx.strokeStyle = colour("paper");
      const above = y - 6 * ratio > u.bbox.top + 10 * ratio ? y - 6 * ratio : y + 14 * ratio;
      ctx.strokeText(words, u.bbox.left + 8 * ratio, above);
      ctx.fillText(words, u.bbox.left + 8 * ratio, above);
    }
  });
  const drawMarks = (group, flags) => (u) => {
    const { colour, font } = group, ratio = uPlot.pxRatio, { ctx, bbox } = u;
    const marks = group.course.marks.filter((mark) => FLAGGED.has(mark.kind));
    let free = bbox.left + bbox.width + 4 * ratio;
    ctx.save();
    ctx.font = `${11 * ratio}px ${font}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    for (const mark of marks.slice().reverse()) {
      const x = u.valToPos(mark.x, "x", true);
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      const dead = mark.kind === "death";
      ctx.strokeStyle = ctx.fillStyle = colour(dead ? "limit" : mark.severity === "info" ? "quiet" : "warning");
      ctx.globalAlpha = flags ? 1 : 0.55;
      ctx.lineWidth = (dead ? 1.75 : 1) * ratio;
      ctx.setLineDash(dead ? [] : [1 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top - (flags ? 4 * ratio : 0));
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (!flags) continue;
      let words = mark.title.length > 30 ? `${mark.title.slice(0, 29)}…` : mark.title;
      words = dead ? `${words} ✕` : mark.kind === "spike" ? `▲ ${words}` : words;
      const width = ctx.measureText(words).width;
      const flip = x + width > bbox.left + bbox.width;
      const left = flip ? x - width + (dead ? 5 * ratio : 0) : x;
      if (left + width > free || left < bbox.left - 30 * ratio) continue;
      ctx.fillText(words, left, bbox.top - 9 * ratio);
      free = left - 10 * ratio;
    }
    ctx.restore();
  };

  /* ---- the panels ---- */
  const axes = (group, panel) => {
    const { colour, course, font } = group;
    const times = (u, splits, at, space, step) => splits.map((x) => {
      if (course.unit === "collection") return `gc ${x}`;
      const up = elapsed(x, step);
      if (!known(course.start_s)) return up;
      const iso = stamp(course.start_s + x);
      return `${up}\n${step >= 43200 ? iso.slice(5, 10) : iso.slice(11, step < 60 ? 19 : 16)}`;
    });
    const common = {
      stroke: colour("quiet"), font: `11px ${font}`, ticks: { show: false }, border: { show: false },
      grid: { stroke: colour("rule"), width: 1 },
    };
    const below = {
      ...common, show: true, incrs: STEPS, values: panel.times ? times : (u, splits) => splits.map(() => ""), space: 84,
      size: panel.times ? (known(course.start_s) ? 40 : 24) : 7, gap: 6, lineGap: 1.25,
      grid: { stroke: colour("rule"), width: 1, show: true },
    };
    const beside = {
      ...common, size: GUTTER, gap: 8, space: panel.tall ? 44 : 26, values: (u, splits) => splits.map(panel.say),
      ...(panel.splits ? { splits: panel.splits } : {}),
    };
    return [below, beside];
  };
  const stepped = (u, at, from, to) => uPlot.paths.stepped({ align: 1 })(u, at, from, to);
  const draw = (group, panel) => {
    const { colour } = group;
    const series = panel.lines.map((line) => ({
      label: line.name, stroke: colour(line.colour), width: line.width || 1.25, dash: line.dash, spanGaps: true,
      fill: line.fill ? `${colour(line.fill)}` : undefined, points: { show: panel.data[0].length < 3 },
      paths: line.stepped ? stepped : undefined,
    }));
    const flags = panel.key === "heap";
    const options = {
      width: group.width(), height: panel.height, legend: { show: false }, axes: axes(group, panel), series: [{}, ...series],
      padding: [flags ? 24 : 5, RIGHT, 0, 0],
      scales: {
        x: { time: false, auto: false, range: () => group.range },
        y: { range: (u, low, high) => panel.range(high) },
      },
      cursor: { y: false, drag: { x: true, y: false, setScale: false, uni: 8 }, points: { size: 6 }, sync: { key: group.key } },
      select: { show: true },
      hooks: {
        drawAxes: flags ? [(u) => drawBand(group.course.band, colour)(u)] : [],
        draw: [...(flags ? [(u) => drawLimits(panel.limits, colour, group.font)(u)] : []), drawMarks(group, flags)],
        setCursor: [(u) => group.moved(u)],
        setSelect: [(u) => {
          if (u.select.width < 4) return;
          const low = u.posToVal(u.select.left, "x"), high = u.posToVal(u.select.left + u.select.width, "x");
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          group.zoom(low, high);
        }],
      },
    };
    const plot = new uPlot(options, panel.data, panel.root);
    plot.over.addEventListener("dblclick", () => group.reset());
    plot.over.addEventListener("touchmove", (event) => {
      const box = plot.over.getBoundingClientRect(), touch = event.touches[0];
      if (event.touches.length === 1) group.select(plot.posToVal(touch.clientX - box.left, "x"));
    }, { passive: true });
    return plot;
  };
  const panels = (course) => {
    const { x, columns } = course;
    const most = Math.max(1, peak(columns.before), peak(columns.goal), peak(columns.live));
    const limits = course.limits.filter((limit) => limit.mib <= FAR * most);
    const far = course.limits.filter((limit) => limit.mib > FAR * most);
    const top = peak(limits.map((limit) => limit.mib));
    const fitting = (high) => [0, Math.max(known(high) ? high : 1, top * ((high || 1) > top / FAR ? 1 : 0), 1) * 1.06];
    const free = (least) => (high) => [0, Math.max(known(high) ? high : least, least) * 1.15];
    const has = (name) => columns[name].some(known);
    const spread = columns.low.some((value, at) => value !== columns.live[at]);
    const list = [{
      key: "heap", name: "Heap", tall: true, height: 320, times: true, limits, far, range: fitting, say: mib,
      data: [x, columns.before, columns.goal, columns.live, ...(spread ? [columns.low] : [])],
      lines: [
        { name: "before a collection", colour: "before", width: 1.25 },
        { name: "goal", colour: "goal", dash: [5, 4], width: 1 },
        { name: "live", colour: "live", fill: "live-area", width: 2.25 },
        ...(spread ? [{ name: "live, lowest", colour: "live", width: 0.75 }] : []),
      ],
    }];
    const later = (column) => peak(columns[column].filter((_, at) => x[at] >= x[0] + STARTED * (last(x) - x[0])));
    const cut = (least, most) => (high) => free(least)(Math.min(known(high) ? high : least, most));
    const small = (key, name, column, colour, say, least, more) => has(column) && list.push({
      key, name, height: 82, range: key === "alloc" ? cut(least, Math.max(least, 1.5 * later(column))) : free(least), say, data: [x, columns[column], ...(more ? [columns[more]] : [])],
      lines: [{ name, colour, fill: `${colour}-area`, width: 1.25 }, ...(more ? [{ name: "mean", colour, width: 0.75 }] : [])],
    });
    small("alloc", "Allocation rate", "alloc", "alloc", (v) => `${digits(v)} MiB/s`, 0.1);
    small("cpu", "Collector’s share of the CPU", "cpu", "cpu", percent, 0.01);
    small("pause", "Pauses: longest and mean", "pause", "pause", (v) => `${digits(v)} ms`, 0.01, "pause_mean");
    course.rates.forEach((rate, at) => list.push({
      key: `rate-${at}`, rate, name: rate.message, height: 42, range: free(0.001), say: (v) => `${digits(v)}/s`,
      splits: (u) => [0, u.scales.y.max / 1.15], data: [rate.x, rate.per_s],
      lines: [{ name: "rate", colour: rate.suspect ? "suspect" : "rate", fill: rate.suspect ? "suspect-area" : "rate-area", width: 1, stepped: true }],
    }));
    last(list).times = true;
    list.forEach((panel) => { if (panel.times && panel.key !== "heap") panel.height += 36; });
    return list;
  };
  const outline = (list, course) => JSON.stringify([
    course.service, course.unit, course.start_s === null, Boolean(course.band), course.marks.some((mark) => mark.kind === "onset"),
    list.map((panel) => [panel.key, panel.lines.length, (panel.far || []).map((limit) => [limit.name, limit.mib])]),
  ]);
  const legend = (panel) => {
    const head = make("div", `gc-head${panel.rate ? (panel.rate.suspect ? " gc-suspect" : " gc-rate") : ""}`);
    if (panel.rate && panel.rate.suspect) head.append(make("span", "gc-tag", "suspect"));
    const title = make(panel.rate ? "code" : "span", "gc-name", panel.name);
    if (panel.rate && panel.rate.example) title.title = panel.rate.example;
    head.append(title);
    if (panel.key === "heap") {
      for (const line of panel.lines) head.append(make("span", `gc-key gc-key-${line.colour}${line.width < 1 ? " gc-key-thin" : ""}`, line.name));
      if (panel.forecast) head.append(make("span", "gc-key gc-key-forecast", "forecast"));
      for (const limit of panel.far) head.append(make("span", "gc-far", `${limit.name} ${mib(limit.mib)}: far above`));
    }
    panel.value = make("span", "gc-value");
    head.append(panel.value);
    return head;
  };

  /* ---- a group: all charts of one element ---- */
  let groups = 0;
  class Group {
    constructor(element, course, options) {
      this.element = element;
      this.options = options || {};
      this.key = `gctail-${++groups}`;
      this.root = make("div", "gc");
      element.append(this.root);
      this.fixed = null;
      this.cursor = null;
      this.update(course);
      this.observer = new ResizeObserver(() => this.fixed === null && this.resize(null));
      this.observer.observe(element);
    }
    width() { return Math.max(240, this.fixed || this.root.clientWidth || this.element.clientWidth); }
    update(course) {
      const whole = !this.course || this.zoomed === false;
      this.course = course;
      const from = course.unit === "collection" ? course.x[0] : 0;
      const to = Math.max(course.end || 0, last(course.x));
      this.full = [from, to + Math.max((to - from) * 0.012, 1e-6)];
      if (whole) this.range = this.full.slice();
      else if (this.following) this.range = this.lately();
      this.zoomed = !whole;
      if (!this.refill()) this.build();
    }
    /* More of the same: the charts stay, with their focus and cursor, and get new figures. */
    refill() {
      const now = panels(this.course), shape = outline(now, this.course);
      if (shape !== this.shape) {
        this.shape = shape;
        return false;
      }
      now.forEach((panel, at) => Object.assign(this.panels[at], { data: panel.data, limits: panel.limits, range: panel.range }));
      this.plots.forEach((plot, at) => plot.batch(() => {
        plot.setData(this.panels[at].data, false);
        plot.setScale("x", { min: this.range[0], max: this.range[1] });
      }));
      this.stack.setAttribute("aria-valuemin", String(this.full[0]));
      this.stack.setAttribute("aria-valuemax", String(this.full[1]));
      this.tell();
      return true;
    }
    build() {
      this.plots && this.plots.forEach((plot) => plot.destroy());
      this.colour = colours(this.element);
      this.font = this.colour("font");
      this.root.replaceChildren(...(this.options.tools === false ? [] : [this.tools()]), this.reading(), this.stage());
      this.panels = panels(this.course);
      this.panels[0].forecast = Boolean(this.course.band);
      let heading = false;
      for (const panel of this.panels) {
        if (panel.rate && !heading) {
          heading = true;
          this.stack.append(make("p", "gc-heading", "Messages, lines a second"));
        }
        panel.root = make("div", `gc-panel gc-${panel.rate ? "rate" : panel.key}`);
        this.stack.append(panel.root);
        panel.root.append(legend(panel));
      }
      this.plots = this.panels.map((panel) => draw(this, panel));
      this.tell();
    }
    tools() {
      const bar = make("div", "gc-tools");
      const button = (words, act, label) => {
        const element = make("button", "", words);
        element.type = "button";
        if (label) element.setAttribute("aria-label", label);
        element.addEventListener("click", act);
        bar.append(element);
      };
      const onset = this.course.marks.find((mark) => mark.kind === "onset");
      const length = this.full[1] - this.full[0];
      button("Whole run", () => this.reset());
      if (onset && onset.x > this.full[0] + length * 0.02)
        button("Since it began", () => this.zoom(onset.x - length * 0.02, this.full[1]));
      button("Last tenth", () => this.zoom(this.full[1] - length / 10, this.full[1]));
      button("+", () => this.scale(0.5), "Zoom in");
      button("−", () => this.scale(2), "Zoom out");
      bar.append(make("span", "gc-hint", "drag to zoom · arrow keys move · + − 0"));
      return bar;
    }
    reading() {
      this.facts = make("div", "gc-facts");
      return this.facts;
    }
    stage() {
      const stack = make("div", "gc-stack");
      stack.tabIndex = 0;
      stack.setAttribute("role", "slider");
      stack.setAttribute("aria-label", `Charts of ${this.course.service}: moment`);
      stack.setAttribute("aria-valuemin", String(this.full[0]));
      stack.setAttribute("aria-valuemax", String(this.full[1]));
      stack.addEventListener("keydown", (event) => this.pressed(event));
      this.stack = stack;
      return stack;
    }
    pressed(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { x } = this.course, at = this.cursor === null ? x.length - 1 : nearest(x, this.cursor);
      const far = Math.max(2, Math.round(x.length / 20)), step = event.shiftKey ? far : 1;
      const moves = {
        ArrowLeft: at - step, ArrowRight: at + step, ArrowDown: at - step, ArrowUp: at + step, PageUp: at + far, PageDown: at - far,
        Home: 0, End: x.length - 1,
      };
      if (event.key in moves) this.select(x[Math.min(x.length - 1, Math.max(0, moves[event.key]))]);
      else if (event.key === "+" || event.key === "=") this.scale(0.5);
      else if (event.key === "-") this.scale(2);
      else if (event.key === "0" || event.key === "Escape") this.reset();
      else return;
      event.preventDefault();
    }
    scale(factor) {
      const [low, high] = this.range;
      const middle = this.cursor === null ? (low + high) / 2 : this.cursor;
      this.zoom(middle - (middle - low) * factor, middle + (high - middle) * factor);
    }
    lately() {
      const end = last(this.course.x), ahead = this.full[1] - end;
      return [Math.max(this.full[0], end - this.following), end + Math.min(ahead, this.following * 0.4)];
    }
    follow(seconds) {
      this.following = null;
      if (!seconds) return this.reset();
      this.following = seconds;
      this.show(...this.lately());
      this.zoomed = true;
    }
    zoom(low, high) {
      this.following = null;
      this.show(low, high);
    }
    show(low, high) {
      const least = (this.full[1] - this.full[0]) * 1e-4;
      const from = Math.max(this.full[0], Math.min(low, high - least)), to = Math.min(this.full[1], Math.max(high, from + least));
      this.range = [from, to];
      this.zoomed = from > this.full[0] || to < this.full[1];
      this.plots.forEach((plot) => plot.setScale("x", { min: from, max: to }));
      if (this.options.onRange) this.options.onRange(this.zoomed ? this.range.slice() : null, this.following);
    }
    reset() { this.zoom(...this.full); }
    select(x) {
      const [low, high] = this.range;
      if (x < low || x > high) this.zoom(x - (high - low) / 2, x + (high - low) / 2);
      this.cursor = x;
      this.plots.forEach((plot) => plot.setCursor({ left: plot.valToPos(x, "x"), top: 4 }));
      this.tell();
    }
    moved(plot) {
      const { left } = plot.cursor;
      this.cursor = left === null || left < 0 ? null : plot.posToVal(left, "x");
      this.waiting = this.waiting || requestAnimationFrame(() => { this.waiting = null; this.tell(); });
    }
    facts_at(x) {
      const { course } = this, { columns } = course, at = nearest(course.x, x);
      const near = (this.range[1] - this.range[0]) * 0.012;
      return {
        x, at, place: place(course, course.x[at]), number: columns.number[at], offset: columns.offset[at],
        live: columns.live[at], before: columns.before[at], goal: columns.goal[at],
        marks: course.marks.filter((mark) => Math.abs(mark.x - x) <= near),
        rates: course.rates.map((rate) => ({ ...rate, now: rate.per_s[Math.max(0, rate.x.findLastIndex((begin) => begin <= x))] })),
      };
    }
    tell() {
      const resting = this.cursor === null;
      const facts = this.facts_at(resting ? last(this.course.x) : this.cursor);
      const said = [
        ["", resting ? `at the end: ${facts.place}` : facts.place], [`gc ${facts.number}`, ""], ["live", mib(facts.live)],
        ["before", mib(facts.before)], ["goal", mib(facts.goal)], ["at byte", facts.offset.toLocaleString("en")],
      ];
      const row = make("p", "gc-row");
      for (const [name, value] of said) {
        const item = make("span", "gc-fact");
        if (name) item.append(make("span", "gc-what", name));
        if (value) item.append(make("b", "", value));
        row.append(item);
      }
      const lines = make("p", "gc-then");
      const mark = facts.marks[facts.marks.length - 1];
      const loud = facts.rates.filter((rate) => rate.now > 0).slice(0, 1)[0];
      if (mark) lines.append(make("b", "", mark.title), make("span", "", mark.text ? ` · ${mark.text}` : ""));
      else if (loud) lines.append(make("b", "", `${digits(loud.now)}/s `), make("code", "", loud.example || loud.message));
      this.facts.replaceChildren(row, lines);
      this.panels.forEach((panel) => {
        if (panel.rate) panel.value.textContent = `${digits(facts.rates[Number(panel.key.slice(5))].now || 0)}/s`;
        else if (panel.key !== "heap") panel.value.textContent = known(panel.data[1][facts.at]) ? panel.say(panel.data[1][facts.at]) : "–";
      });
      this.stack.setAttribute("aria-valuenow", String(facts.x));
      this.stack.setAttribute("aria-valuetext",
        `${facts.place}, collection ${facts.number}, live heap ${mib(facts.live)}${mark ? `, ${mark.title}` : ""}`);
      if (this.options.onMove) this.options.onMove(resting ? null : facts);
    }
    redraw() { this.build(); }
    resize(width) {
      this.fixed = width;
      const wide = this.width();
      if (this.plots.length && this.plots[0].width !== wide)
        this.plots.forEach((plot, at) => plot.setSize({ width: wide, height: this.panels[at].height }));
    }
    view() { return { range: this.range.slice(), full: this.full.slice(), cursor: this.cursor, charts: this.plots.length }; }
    destroy() {
      this.observer.disconnect();
      this.plots.forEach((plot) => plot.destroy());
      this.root.remove();
    }
  }
  return { mount: (element, course, options) => new Group(element, course, options) };
})();
