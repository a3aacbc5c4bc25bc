/* The live page: what the server tells, where it is shown, what keys and buttons do. */
import { Detail } from "./detail.js";
import { Findings, accuse } from "./findings.js";
import { Log } from "./log.js";
import { Stream } from "./stream.js";
import { COLUMNS, Table, howMany } from "./table.js";
import { bytes, count, make, plural, say, shown, stateWords } from "./words.js";

const at = (id) => document.getElementById(id);
const root = document.documentElement;
const chosenInAddress = () => {
  try {
    return decodeURIComponent(location.hash.replace(/^#\/?/, "")) || null;
  } catch {
    return null; /* an address that somebody mistyped */
  }
};

/* ---- what is shown ---- */
const page = { facts: null, course: null, epoch: null, least: null, total: 0, services: 0, heard: false, detailed: null };
const detail = new Detail((moments) => findings.near(moments));
const log = new Log({ list: at("lines"), grep: at("grep"), collections: at("collections"), newest: at("newest"), title: at("log-title") });
const findings = new Findings(at("findings"), at("everyone"), (finding) => look(finding));
const stream = new Stream({ services: hearServices, service: hearService, lines: (told) => log.take(told), findings: hearFindings, facts: hearFacts }, pulse);
const table = new Table(at("grid"), { ask: (question) => stream.ask(question), choose });

function pulse(words, well) {
  root.dataset.pulse = page.paused ? "paused" : well ? "live" : "lost";
  say(at("pulse-words"), page.paused ? "paused" : words);
}

function hearServices(told) {
  page.total = told.total;
  page.services = told.services;
  drawCounts(told);
  say(at("shown"), howMany(told.total, told.services));
  table.fill(told);
  at("none").hidden = told.total > 0;
  say(at("none"), told.services ? "No service matches." : "No service was heard of yet. gctail hears of one when a line of its runtime comes: is it started with GODEBUG=gctrace=1?");
  at("grid").hidden = told.total === 0;
  if (!told.services) at("detail").hidden = true;
  root.style.setProperty("--services", Math.max(1, told.total));
  document.title = told.critical ? `(${told.critical}) gctail` : "gctail";
}

/* How many are how bad; each is a button that shows only those. */
function drawCounts({ critical, warning }) {
  const shape = `${critical} ${warning} ${page.least}`;
  if (page.counts === shape) return;
  page.counts = shape;
  const had = at("counts").contains(document.activeElement) ? document.activeElement.dataset.least : null;
  at("counts").replaceChildren(...[["critical", critical, "!"], ["warning", critical + warning, "▲"]].map(([least, number, sign]) => {
    const button = make("button", least), mark = make("span", "sign", sign);
    mark.setAttribute("aria-hidden", "true");
    button.type = "button";
    button.dataset.least = least;
    button.setAttribute("aria-pressed", page.least === least);
    button.disabled = number === 0 && page.least !== least;
    button.append(mark, make("span", "", least === "critical" ? `${count(number)} critical` : `${count(number)} warning or worse`));
    button.addEventListener("click", () => {
      page.least = page.least === least ? null : least;
      table.body.scrollTop = 0;
      stream.ask({ least: page.least, offset: 0 });
    });
    return button;
  }));
  if (had) at("counts").querySelector(`[data-least="${had}"]`).focus();
}

function hearService(told) {
  if (told.row.service !== detail.service) return;
  detail.show(told);
  if (!told.detail) return;
  page.course = told.detail.course;
  findings.of(told.detail.findings);
  accuse(at("suspects"), at("accused"), told.detail.suspects);
  if (page.looking && page.looking.service === told.row.service) {
    detail.look(page.looking, page.course);
    page.looking = null;
  }
}

function hearFindings(told) {
  const fresh = findings.hear(told);
  const worst = fresh.filter((each) => each.severity !== "info" && each.evidence.phase !== "resolved").pop();
  if (worst && page.heard) say(at("told"), `${worst.severity}: ${shown(worst.service, 80)}, ${stateWords(worst.kind)}: ${shown(worst.summary, 200)}`);
}

function hearFacts(facts) {
  page.heard = true; /* what comes from now on is news */
  if (page.facts && facts.version < page.facts.version) { /* another gctail answers now */
    log.clear(log.service);
    stream.ask({ after: null, line: null });
  }
  page.facts = facts;
  stream.question.line = log.last || null;
  const read = [typeof facts.bytes === "number" ? `${bytes(facts.bytes)} read` : "", facts.files > 1 ? plural(facts.files, "file") : "",
    facts.lag_bytes ? `${bytes(facts.lag_bytes)} behind` : "", facts.lag_messages ? `${plural(facts.lag_messages, "message")} behind` : "",
    facts.trouble ? shown(facts.trouble, 200) : "", facts.unreadable ? `${count(facts.unreadable)} unreadable` : ""];
  say(at("read"), read.filter(Boolean).join(" · "));
  at("read").title = (facts.notes || []).map((note) => shown(note, 200)).join("\n");
}

/* ---- one service, one finding ---- */
function choose(row, meant) {
  if (row.service !== detail.service) {
    findings.of(null);
    findings.looked = null;
    accuse(at("suspects"), at("accused"), []);
    log.around = false;
    log.showNewest();
    log.clear(row.service);
    page.course = null;
    stream.ask({ service: row.service, line: null });
  }
  detail.choose(row);
  const address = `#/${encodeURIComponent(row.service)}`;
  if (meant && narrow.matches && root.dataset.view !== "detail") history.pushState({ detail: true }, "", address);
  else history.replaceState(history.state, "", address);
  if (meant) {
    root.dataset.view = "detail";
    if (narrow.matches) {
      scrollTo(0, 0);
      at("detail").focus({ preventScroll: true });
    }
  }
}

async function look(finding) {
  if (finding.service !== detail.service) {
    page.looking = finding;
    table.chosen = finding.service;
    choose({ ...blank, service: finding.service }, false);
    findings.looked = finding.id;
    table.draw();
  } else detail.look(finding, page.course);
  say(at("told"), `${finding.severity}: ${stateWords(finding.kind)}: ${shown(finding.summary, 300)}`);
  try {
    const answer = await fetch(`api/v1/findings/${encodeURIComponent(finding.id)}/lines`);
    const { lines } = answer.ok ? await answer.json() : {};
    if (lines && findings.looked === finding.id) log.showAround(lines, finding); /* and not another one by now */
  } catch { /* the server has gone, which the pulse says */ }
}
const blank = { state: "…", severity: null, collections: 0, epochs: 0, trend: [] };

function leave() {
  findings.leave();
  log.showNewest();
}

/* ---- buttons and keys ---- */
const narrow = matchMedia("(max-width: 719px)");
root.dataset.view = "list";
at("back").addEventListener("click", () => (history.state && history.state.detail ? history.back() : showList()));
function showList() {
  root.dataset.view = "list";
  at("grid").focus({ preventScroll: true });
}
addEventListener("popstate", () => showList());
at("newest").addEventListener("click", leave);

const sort = at("sort");
for (const column of COLUMNS) {
  const option = make("option", "", column.name);
  option.value = column.order;
  sort.append(option);
}
sort.value = "worst";
sort.addEventListener("change", () => table.sort(sort.value));
at("heads").addEventListener("click", () => { sort.value = table.order; });

const filter = at("filter");
filter.addEventListener("input", () => {
  table.body.scrollTop = 0;
  stream.ask({ search: filter.value, offset: 0 });
});
filter.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === "ArrowDown") at("grid").focus();
  else if (event.key === "Escape") everything();
  else return;
  event.preventDefault();
});
function everything() {
  filter.value = "";
  page.least = null;
  leave();
  stream.ask({ search: null, least: null, offset: 0 });
  if (narrow.matches) showList(); else at("grid").focus();
}

function pause() {
  page.paused = !page.paused;
  at("pause").setAttribute("aria-pressed", page.paused);
  say(at("pause"), page.paused ? "Go on" : "Pause");
  say(at("told"), page.paused ? "Paused. Reading goes on." : "Live again.");
  stream.pause(page.paused);
  pulse("connecting", true);
}
at("pause").addEventListener("click", pause);

const keys = at("keys");
const help = () => (keys.open ? keys.close() : keys.showModal());
at("help").addEventListener("click", help);
at("close").addEventListener("click", () => keys.close());
keys.addEventListener("click", (event) => event.target === keys && keys.close());

const stored = (value) => {
  try {
    if (value === undefined) return localStorage.getItem("gctail-theme") || "";
    localStorage.setItem("gctail-theme", value);
  } catch { /* without storage the choice lasts as long as the page */ }
  return value || "";
};
function dress(theme) {
  if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
  say(at("theme"), { dark: "Dark", light: "Light" }[theme] || "Auto");
  at("theme").setAttribute("aria-label", `Theme: ${{ dark: "dark", light: "light" }[theme] || "as the system says"}`);
  detail.redraw();
}
function nextTheme() {
  const order = ["", "dark", "light"], theme = order[(order.indexOf(root.dataset.theme || "") + 1) % order.length];
  stored(theme);
  dress(theme);
}
at("theme").addEventListener("click", nextTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => detail.redraw());
dress(stored());

const actions = {
  "/": () => { filter.focus(); filter.select(); }, j: () => table.move(1), k: () => table.move(-1), n: () => findings.move(1), N: () => findings.move(-1),
  r: () => detail.nextRange(), c: () => detail.enter(), l: () => at("lines").focus(), p: pause, t: nextTheme, "?": help, Escape: everything,
  s: () => {
    const order = COLUMNS.map((column) => column.order);
    table.sort(order[(order.indexOf(table.order) + 1) % order.length]);
    sort.value = table.order;
  },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || keys.open) return;
  if (event.target.closest("input, select, textarea")) return;
  const act = actions[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

/* ---- begin ---- */
const asked = chosenInAddress();
if (asked) {
  table.chosen = asked;
  choose({ ...blank, service: asked }, false);
}
stream.ask({ order: "worst", offset: 0, limit: 120 });
at("grid").focus({ preventScroll: true });
