/* The log of the chosen service: its newest lines, or those around a finding. At most so many are kept. */
import { make, shown } from "./words.js";

const MOST = 400;
const COLLECTION = /(?:^|\s)gc \d+ @\d+\.\d+s /;

export class Log {
  constructor({ list, grep, collections, newest, title }) {
    Object.assign(this, { list, grep, collections, newest, title });
    this.service = null;
    this.last = 0;
    this.kept = [];
    this.around = false;
    grep.addEventListener("input", () => this.sift());
    collections.addEventListener("change", () => this.sift());
  }

  clear(service) {
    this.service = service;
    this.last = 0;
    this.kept = [];
    this.list.replaceChildren();
  }

  again() {
    this.last = 0;
    this.kept = [];
    if (!this.around) this.list.replaceChildren();
  }

  take({ service, lines }) {
    if (service !== this.service) this.clear(service);
    if (lines.length && this.kept.length && lines[0].number <= this.kept[0].number) this.again(); /* told anew: marks have changed */
    const fresh = lines.filter((each) => each.number > this.last).slice(-MOST);
    if (!fresh.length) return;
    this.last = fresh[fresh.length - 1].number;
    this.kept = [...this.kept, ...fresh].slice(-MOST);
    if (!this.around) this.add(fresh);
  }

  add(lines) {
    const { list } = this, atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(...lines.map((each) => this.item(each)));
    while (list.childElementCount > MOST) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  item({ text, mark }, here) {
    const item = make("li", `line ${mark === "gc" ? "collection" : mark}${here ? " here" : ""}`);
    if (mark === "suspect") item.append(make("span", "tag", "suspect"));
    item.append(make("span", "text", shown(text, 2000)));
    item.hidden = !this.wanted(text, mark);
    return item;
  }

  wanted(text, mark) {
    return (mark !== "gc" || this.collections.checked) && text.toLowerCase().includes(this.grep.value.toLowerCase());
  }

  sift() {
    for (const item of this.list.children)
      item.hidden = !this.wanted(item.lastElementChild.textContent, item.classList.contains("collection") ? "gc" : "");
    this.list.scrollTop = this.list.scrollHeight;
  }

  /* The lines around a finding, the collection at which it was found marked. */
  showAround(lines, finding) {
    this.around = true;
    this.newest.hidden = false;
    this.title.textContent = "Log around the finding";
    const { replay } = finding.evidence, number = replay ? replay.number : null;
    const own = new RegExp(`(?:^|\\s)gc ${Number(number)} @`);
    const shownLines = lines.slice(-2 * MOST);
    this.list.replaceChildren(...shownLines.map((text) => this.item({ text, mark: COLLECTION.test(text) ? "gc" : "" }, own.test(text))));
    const here = this.list.querySelector(".here");
    if (here) this.list.scrollTop = here.offsetTop - this.list.offsetTop - this.list.clientHeight / 2;
    else this.list.scrollTop = this.list.scrollHeight / 2;
  }

  showNewest() {
    this.around = false;
    this.newest.hidden = true;
    this.title.textContent = "Log";
    this.list.replaceChildren();
    this.add(this.kept);
    this.list.scrollTop = this.list.scrollHeight;
  }
}
