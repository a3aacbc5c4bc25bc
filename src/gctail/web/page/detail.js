/* The chosen service: what is wrong in words, its figures, its charts. */
import { clock, growth, known, make, plural, say, share, shown, sign, size, span, stateWords, tone } from "./words.js";

const RANGES = [["1 min", 60], ["5 min", 300], ["15 min", 900], ["1 h", 3600], ["6 h", 21600], ["1 d", 86400]];
const at = (id) => document.getElementById(id);

export class Detail {
  /* `near` hears which findings stand at the cursor of the charts. */
  constructor(near) {
    this.near = near;
    this.service = null;
    this.charts = null;
    this.seconds = null;
    this.figures = new Map();
  }

  choose(row) {
    if (row.service !== this.service) {
      this.service = row.service;
      this.drop();
      at("ranges").replaceChildren();
      at("charts").replaceChildren(make("p", "nothing", "…"));
      say(at("lead"), "");
    }
    at("detail").hidden = false;
    this.head(row, null);
  }

  drop() {
    if (this.charts) this.charts.destroy();
    this.charts = null;
    this.seconds = null;
    this.shape = null;
  }

  show({ row, detail }) {
    if (row.service !== this.service) return;
    this.head(row, detail);
    if (!detail) return;
    if (!detail.course) {
      this.drop();
      at("charts").replaceChildren(make("p", "nothing", "No collection of this process was seen yet: is it started with GODEBUG=gctrace=1?"));
      return;
    }
    if (this.charts) this.charts.update(detail.course);
    else this.mount(detail.course);
    this.offer(detail.course);
  }

  mount(course) {
    at("charts").replaceChildren();
    this.charts = GctailCharts.mount(at("charts"), course, {
      tools: false,
      onMove: (facts) => this.near(new Set(facts ? facts.marks.map((mark) => mark.moment) : [])),
      onRange: (range, following) => this.tellRange(range, following),
    });
  }

  head(row, detail) {
    const section = at("detail"), severity = tone(row.severity, row.state);
    section.className = `detail ${severity}`;
    say(at("sign"), sign(row.severity, row.state));
    say(at("state"), row.state === "well" ? "well" : `${row.severity === "critical" && row.state === "died" ? "" : `${row.severity || ""} · `}${stateWords(shown(row.state, 60))}`);
    say(at("name"), shown(row.service, 300));
    this.figure("Live heap", size(row.live_mib));
    this.figure("Next GC at", size(row.goal_mib));
    this.figure("Limit", size(row.limit_mib));
    this.figure("Growth", growth(row.rate_mib_per_s));
    this.figure("Gone in", row.any_moment ? "now" : known(row.left_s) ? span(row.left_s) : "–", known(row.left_s));
    this.figure("Leak", known(row.probability) ? share(row.probability) : "–");
    this.figure("GC CPU", share(row.gc_cpu_share));
    this.figure("Last pause", known(row.pause_ms) ? `${Number(row.pause_ms.toPrecision(2))} ms` : "–");
    const seen = known(row.last_time_s) ? `, the last at ${clock(row.last_time_s)}` : known(row.uptime_s) ? `, the last after ${span(row.uptime_s)}` : "";
    say(at("past"), row.epochs ? `${plural(row.collections, "collection")} of ${plural(row.epochs, "process", "processes")}${seen}` : "");
    if (detail) say(at("lead"), this.lead(detail));
  }

  lead({ verdict, ended }) {
    const why = verdict ? verdict.why : [];
    const sentences = ended ? [ended, ...why.slice(0, 1)] : why; /* what was to come does not matter any more */
    return sentences.map((each) => shown(each, 400)).map((each) => `${each.charAt(0).toUpperCase()}${each.slice(1)}.`).join(" ");
  }

  figure(name, value, loud) {
    let place = this.figures.get(name);
    if (!place) {
      const pair = make("div"), dd = make("dd");
      pair.append(make("dt", "", name), dd);
      at("figures").append(pair);
      this.figures.set(name, (place = dd));
    }
    say(place, value);
    place.classList.toggle("loud", Boolean(loud));
  }

  /* Time ranges that show less than all of it. */
  offer(course) {
    const whole = course.x[course.x.length - 1] - course.x[0];
    const fitting = course.unit === "collection" ? [] : RANGES.filter(([, seconds]) => seconds < whole);
    const shape = JSON.stringify(fitting);
    if (shape === this.shape) return;
    this.shape = shape;
    at("ranges").replaceChildren(...[["all", null], ...fitting].map(([words, seconds]) => {
      const button = make("button", "", words);
      button.type = "button";
      button.dataset.seconds = seconds === null ? "" : seconds;
      button.addEventListener("click", () => this.range(seconds));
      return button;
    }));
    this.offered = [null, ...fitting.map(([, seconds]) => seconds)];
    this.tellRange(this.seconds === null ? null : [0, 0], this.seconds);
  }

  range(seconds) {
    if (!this.charts) return;
    this.charts.follow(seconds);
  }

  nextRange() {
    if (!this.offered) return;
    this.range(this.offered[(this.offered.indexOf(this.seconds) + 1) % this.offered.length]);
  }

  tellRange(range, following) {
    this.seconds = following || null;
    const pressed = range === null ? "" : following ? String(following) : "zoomed";
    for (const button of at("ranges").children) button.setAttribute("aria-pressed", button.dataset.seconds === pressed);
  }

  /* The charts go where a finding was. */
  look(finding, course) {
    if (!this.charts || !course) return;
    const mark = course.marks.find((each) => each.moment === finding.id);
    if (mark) this.charts.select(mark.x);
    else if (course.unit === "uptime" && known(finding.uptime_s)) this.charts.select(finding.uptime_s);
  }

  redraw() {
    if (this.charts) this.charts.redraw();
  }

  enter() {
    const stack = document.querySelector("#charts .gc-stack");
    if (stack) stack.focus();
  }
}
