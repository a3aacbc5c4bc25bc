/* The findings: of the chosen service, or of all; one of them may be looked at. Bounded, whatever comes. */
import { clock, day, make, say, shown, sign, span, stateWords, tone } from "./words.js";

const MOST = 300;

/* That growth is no longer called growth when it was just called a leak is no news to a reader. */
const isNews = (finding) => !("goes_on_as" in finding.evidence);

export class Findings {
  /* `look` hears which finding is looked at. */
  constructor(list, everyone, look) {
    this.list = list;
    this.everyone = everyone;
    this.look = look;
    this.all = [];
    this.own = [];
    this.known = false;
    this.looked = null;
    everyone.addEventListener("change", () => this.draw());
    list.addEventListener("click", (event) => {
      const item = event.target.closest("button");
      if (item) this.go(item.dataset.id);
    });
  }

  /* Newest first, as they are shown. */
  seen() {
    return this.everyone.checked ? this.all : this.own;
  }

  /* Findings of any service, oldest first; returns those that are new. */
  hear(findings) {
    const there = new Set(this.all.map((each) => each.id));
    const fresh = findings.filter((each) => isNews(each) && !there.has(each.id));
    this.all = [...fresh.slice().reverse(), ...this.all].slice(0, MOST);
    if (fresh.length && this.everyone.checked) this.draw();
    return fresh;
  }

  of(findings) {
    this.known = findings !== null;
    this.own = (findings || []).filter(isNews).slice(0, MOST);
    if (!this.everyone.checked) this.draw();
  }

  draw() {
    const seen = this.seen(), shape = JSON.stringify([this.everyone.checked, this.known, this.looked, seen.map((each) => each.id)]);
    if (shape === this.shape) return;
    this.shape = shape;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.list.replaceChildren(...(seen.length ? seen.map((each) => this.item(each)) : [make("li", "nothing", this.known ? "Nothing was found." : "…")]));
    const again = focused && this.button(focused);
    if (again) again.focus({ preventScroll: true });
  }

  item(finding) {
    const over = finding.evidence.phase === "resolved", item = make("li", `finding ${over ? "over" : tone(finding.severity, "")}`);
    const button = make("button"), head = make("span", "when");
    button.type = "button";
    button.dataset.id = finding.id;
    button.setAttribute("aria-expanded", finding.id === this.looked);
    const mark = make("span", "sign", over ? "✓" : sign(finding.severity, finding.kind === "death" ? "died" : ""));
    mark.setAttribute("aria-hidden", "true");
    const at = finding.time ? Date.parse(finding.time) / 1000 : null;
    head.append(mark, make("b", "", stateWords(shown(finding.kind, 60))));
    if (over) head.append(make("span", "", "over"));
    else head.append(make("span", "unseen", finding.severity));
    if (this.everyone.checked) head.append(make("span", "of", shown(finding.service, 80)));
    const time = make("time", "", at !== null ? clock(at) : finding.uptime_s !== null ? `+${span(finding.uptime_s)}` : "");
    if (at !== null) time.title = `${day(at)} ${clock(at)} UTC`;
    head.append(time);
    button.append(head, make("span", "what", shown(finding.summary, 600)));
    item.append(button);
    if (finding.id === this.looked && finding.advice.length) {
      const advice = make("ul", "advice");
      advice.append(...finding.advice.map((words) => make("li", "", shown(words, 600))));
      item.append(advice);
    }
    return item;
  }

  button(id) {
    return this.list.querySelector(`button[data-id="${CSS.escape(id)}"]`);
  }

  go(id) {
    const finding = this.seen().find((each) => each.id === id);
    if (!finding) return;
    this.looked = id;
    this.draw();
    this.look(finding);
  }

  /* The next one in time, or the one before; the newest when none was looked at. */
  move(by) {
    const seen = this.seen();
    if (!seen.length) return;
    const at = seen.findIndex((each) => each.id === this.looked);
    const next = at < 0 ? 0 : Math.min(seen.length - 1, Math.max(0, at - by));
    this.go(seen[next].id);
    const button = this.button(seen[next].id);
    if (button) button.scrollIntoView({ block: "nearest" });
  }

  leave() {
    this.looked = null;
    this.draw();
  }

  /* Those that stand near the cursor of the charts. */
  near(moments) {
    for (const button of this.list.querySelectorAll("button")) button.classList.toggle("near", moments.has(button.dataset.id));
  }
}

/* What the lines of a suspect say: the message, or where variables stand within that, the template, which shows where. */
const said = ({ message, template, field }) => (message && template?.startsWith(message) ? message : template || message || field || "");

/* Who is suspected, most suspected first. */
export const accuse = (section, list, suspects) => {
  section.hidden = !suspects.length;
  const shape = JSON.stringify(suspects);
  if (list.shape === shape) return;
  list.shape = shape;
  list.replaceChildren(...suspects.slice(0, 10).map((suspect) => {
    const item = make("li", "suspect"), figures = make("span", "when");
    item.append(make("code", "", shown(said(suspect), 300)));
    if (typeof suspect.mib === "number") figures.append(make("b", "", `${Number(suspect.mib.toPrecision(3))} MiB`));
    if (typeof suspect.share === "number") figures.append(make("span", "", `${Math.round(100 * suspect.share)} % of the growth`));
    if (typeof suspect.distinct === "number") figures.append(make("span", "", `${suspect.distinct.toLocaleString("en")} different values${/^#/.test(suspect.slot || "#") ? "" : ` of ${shown(suspect.slot, 60)}`}`));
    if (typeof suspect.since_uptime_s === "number") figures.append(make("span", "", `since +${span(suspect.since_uptime_s)}`));
    item.append(figures);
    if (suspect.example) item.append(make("code", "example", shown(suspect.example, 300)));
    return item;
  }));
};
