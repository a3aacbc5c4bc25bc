/* The events of the server: one connection, asked anew when something else is to be seen, closed while nobody looks. */

const AGAIN_MS = 90;

export class Stream {
  /* `heard` has a function per kind of event; `changed(words, well)` hears how the connection is. */
  constructor(heard, changed) {
    this.heard = heard;
    this.changed = changed;
    this.question = {};
    this.source = null;
    this.timer = null;
    this.paused = false;
    document.addEventListener("visibilitychange", () => this.open());
    addEventListener("pagehide", () => this.close());
  }

  /* What is to be told; several questions within a moment are one. */
  ask(question) {
    Object.assign(this.question, question);
    this.once = true; /* what somebody asks for while it is paused is told once */
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), AGAIN_MS);
  }

  pause(paused) {
    this.paused = paused;
    this.once = false;
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.close();
    if (document.hidden || (this.paused && !this.once)) return;
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(this.question))
      if (value !== null && value !== undefined && value !== "") asked.set(name, value);
    const source = new EventSource(`api/v1/events?${asked}`);
    this.source = source;
    for (const [kind, hear] of Object.entries(this.heard))
      source.addEventListener(kind, (event) => {
        if (source !== this.source) return;
        const value = JSON.parse(event.data);
        if (kind === "findings" && value.length) this.question.after = value[value.length - 1].id;
        hear(value);
        if (kind === "facts" && this.paused) this.close();
      });
    source.addEventListener("open", () => this.changed("live", true));
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      this.changed("connection lost, trying again", false);
      if (source.readyState === EventSource.CLOSED) this.timer = setTimeout(() => this.open(), 3000);
    });
  }

  close() {
    this.once = this.once && !this.source;
    if (this.source) this.source.close();
    this.source = null;
  }
}
