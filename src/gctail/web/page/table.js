/* The table of services: of any number of them, only the rows in sight exist, and only their part is asked for. */
import { count, growth, known, make, plural, say, share, shown, sign, size, span, stateWords, tone } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const AROUND = 40, BEYOND = 6;
/* name, heading, the order that the server knows, what the heading sorts by in words */
export const COLUMNS = [
  { key: "service", name: "Service", order: "service" },
  { key: "state", name: "State", order: "worst" },
  { key: "live", name: "Live", order: "live", figures: true },
  { key: "goal", name: "Goal", order: "goal", figures: true },
  { key: "limit", name: "Limit", order: "limit" },
  { key: "trend", name: "Trend", order: "growth" },
  { key: "left", name: "Gone in", order: "end", figures: true },
  { key: "cpu", name: "GC CPU", order: "gc_cpu", figures: true },
];

export class Table {
  /* `ask` hears which part is wanted, `choose` which service was chosen. */
  constructor(grid, { ask, choose }) {
    this.grid = grid;
    this.body = grid.querySelector("#rows");
    this.ask = ask;
    this.choose = choose;
    this.order = "worst";
    this.reverse = false;
    this.offset = 0;
    this.total = 0;
    this.rows = [];
    this.chosen = null;
    this.wanted = null;
    this.at = 0;
    this.pool = [];
    this.heads();
    this.body.addEventListener("scroll", () => this.later(), { passive: true });
    new ResizeObserver(() => this.measure()).observe(this.body);
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.pick(Number(row.dataset.at), true);
    });
    grid.addEventListener("keydown", (event) => this.pressed(event));
    this.space = make("div", "space");
    this.space.setAttribute("role", "presentation");
    this.body.append(this.space);
    this.measure();
  }

  heads() {
    const heads = document.getElementById("heads");
    COLUMNS.forEach((column, at) => {
      const head = make("div", `cell ${column.key}${column.figures ? " figure" : ""}`);
      head.setAttribute("role", "columnheader");
      head.setAttribute("aria-colindex", at + 1);
      const button = make("button", "", column.name);
      button.type = "button";
      button.tabIndex = -1;
      button.addEventListener("click", () => this.sort(column.order));
      head.append(button);
      heads.append(head);
      column.head = head;
    });
    this.grid.setAttribute("aria-colcount", COLUMNS.length);
    this.tellOrder();
  }

  sort(order) {
    this.reverse = order === this.order && !this.reverse;
    this.order = order;
    this.body.scrollTop = 0;
    this.tellOrder();
    this.ask({ order: this.order, reverse: this.reverse ? 1 : null, offset: 0 });
  }

  tellOrder() {
    for (const column of COLUMNS) {
      const chosen = column.order === this.order, down = column.key === "service" || column.key === "left" ? "ascending" : "descending";
      const up = down === "ascending" ? "descending" : "ascending";
      column.head.setAttribute("aria-sort", chosen ? (this.reverse ? up : down) : "none");
    }
  }

  /* How high a row is says the style, which knows how wide the window is. */
  measure() {
    this.height = parseFloat(getComputedStyle(this.grid).getPropertyValue("--row")) || 34;
    this.room = Math.max(1, Math.ceil(this.body.clientHeight / this.height));
    this.draw();
    this.want();
  }

  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.draw();
      this.want();
    });
  }

  first() {
    return Math.max(0, Math.floor(this.body.scrollTop / this.height));
  }

  /* Ask for another part when the one that is here does not reach. */
  want() {
    const first = this.first(), last = Math.min(this.total, first + this.room + 1);
    const limit = this.room + 2 * AROUND;
    const reaches = this.offset <= first && last <= this.offset + Math.max(this.rows.length, this.limit || 0);
    if (reaches && (this.limit || 0) >= this.room) return;
    this.limit = limit;
    this.ask({ offset: Math.max(0, first - AROUND), limit });
  }

  fill({ total, offset, rows }) {
    this.total = total;
    this.offset = offset;
    this.rows = rows;
    this.space.style.height = `${total * this.height}px`;
    this.grid.setAttribute("aria-rowcount", total + 1);
    const place = rows.findIndex((row) => row.service === this.chosen);
    if (place >= 0 && this.wanted === null) this.at = offset + place;
    this.draw();
    if (this.wanted !== null && rows[this.wanted - offset]) this.pick(this.wanted, false);
    else if (this.chosen === null && rows.length) this.pick(offset, false);
  }

  draw() {
    const first = Math.max(0, this.first() - BEYOND), last = Math.min(this.total, this.first() + this.room + BEYOND);
    while (this.pool.length < last - first) this.pool.push(this.row());
    this.pool.forEach((row, slot) => {
      const at = first + slot;
      row.element.hidden = at >= last;
      if (at < last) this.show(row, at, this.rows[at - this.offset]);
    });
    const here = this.rows[this.at - this.offset];
    const row = here && here.service === this.chosen && this.at >= first && this.at < last ? this.pool[this.at - first] : null;
    if (row) this.grid.setAttribute("aria-activedescendant", row.element.id);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  row() {
    const element = make("div", "row");
    element.setAttribute("role", "row");
    element.id = `row-${this.pool.length}`;
    const cells = {};
    COLUMNS.forEach((column, at) => {
      const cell = make("div", `cell ${column.key}${column.figures ? " figure" : ""}`);
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", at + 1);
      cells[column.key] = cell;
      element.append(cell);
    });
    const mark = make("span", "sign"), name = make("span", "words");
    mark.setAttribute("aria-hidden", "true");
    cells.service.append(mark, name);
    const bar = make("span", "bar-of"), live = make("i", "live"), goal = make("i", "goal"), of = make("span", "of");
    bar.setAttribute("aria-hidden", "true");
    bar.append(goal, live);
    cells.limit.append(bar, of);
    const spark = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "path"), area = document.createElementNS(SVG, "path");
    spark.setAttribute("viewBox", "0 0 92 20");
    spark.setAttribute("preserveAspectRatio", "none");
    spark.setAttribute("aria-hidden", "true");
    area.setAttribute("class", "area");
    spark.append(area, line);
    const rate = make("span", "rate");
    cells.trend.append(spark, rate);
    this.space.append(element);
    return { element, cells, mark, name, live, goal, of, line, area, rate, known: null };
  }

  show(row, at, value) {
    const { element, cells } = row;
    element.style.transform = `translateY(${at * this.height}px)`;
    element.dataset.at = at;
    element.setAttribute("aria-rowindex", at + 2);
    const chosen = value !== undefined && value.service === this.chosen;
    element.setAttribute("aria-selected", chosen);
    if (row.value === value) return;
    row.value = value;
    if (value === undefined) {
      element.className = "row waiting";
      say(row.name, "…");
      return;
    }
    element.className = `row ${tone(value.severity, value.state)}`;
    say(row.mark, sign(value.severity, value.state));
    const name = shown(value.service, 200);
    say(row.name, name);
    row.name.title = name;
    say(cells.state, stateWords(value.state));
    say(cells.live, size(value.live_mib));
    say(cells.goal, size(value.goal_mib));
    this.fillBar(row, value);
    this.fillTrend(row, value);
    say(cells.left, value.any_moment ? "now" : known(value.left_s) ? span(value.left_s) : "–");
    cells.left.classList.toggle("soon", known(value.left_s));
    say(cells.cpu, share(value.gc_cpu_share));
  }

  fillBar(row, value) {
    const part = (mib) => Math.min(1, (mib || 0) / value.limit_mib);
    const full = value.limit_mib ? Math.max(value.goal_mib || 0, value.live_mib || 0) / value.limit_mib : 0;
    row.cells.limit.classList.toggle("none", !value.limit_mib);
    row.cells.limit.classList.toggle("near", full > 0.8);
    row.cells.limit.classList.toggle("over", full >= 1);
    row.live.style.transform = `scaleX(${value.limit_mib ? part(value.live_mib) : 0})`;
    row.goal.style.transform = `scaleX(${value.limit_mib ? part(value.goal_mib) : 0})`;
    say(row.of, size(value.limit_mib));
    row.cells.limit.title = value.limit_mib ? `live ${share((value.live_mib || 0) / value.limit_mib)}, goal ${share((value.goal_mib || 0) / value.limit_mib)} of ${size(value.limit_mib)}` : "no limit is known";
  }

  fillTrend(row, value) {
    const { trend } = value, top = Math.max(1, ...trend), step = trend.length > 1 ? 92 / (trend.length - 1) : 92;
    const points = trend.map((mib, at) => `${(at * step).toFixed(1)} ${(18.5 - (17 * mib) / top).toFixed(1)}`);
    const path = points.length > 1 ? `M${points.join("L")}` : "";
    row.line.setAttribute("d", path);
    row.area.setAttribute("d", path && `${path}L92 20L0 20Z`);
    say(row.rate, known(value.rate_mib_per_s) ? growth(value.rate_mib_per_s) : "");
  }

  pick(at, meant) {
    const place = Math.min(this.total - 1, Math.max(0, at)), row = this.rows[place - this.offset];
    this.at = place;
    this.see(place);
    this.wanted = row ? null : place; /* chosen when it has come */
    if (!row) return;
    this.chosen = row.service;
    this.draw();
    this.choose(row, meant);
  }

  see(at) {
    const top = at * this.height, { scrollTop, clientHeight } = this.body;
    if (top < scrollTop) this.body.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.body.scrollTop = top + this.height - clientHeight;
  }

  move(by) {
    this.pick(this.at + by, false);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button")) return;
    const page = Math.max(1, this.room - 2);
    const moves = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -this.total, End: this.total };
    if (event.key in moves) this.move(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.pick(this.at, true);
    else return;
    event.preventDefault();
  }
}

export const howMany = (shownRows, all) => (shownRows === all ? plural(all, "service") : `${count(shownRows)} of ${plural(all, "service")}`);
