// One watch of a project's work for all tabs of a browser: it has six connections to a server, and a watch holds one.
// One tab asks and tells the others. When it goes, is hidden, or is silent for too long, another one asks.

import { get, of, query } from "./api.js";

const WAIT_SECONDS = 20; // the server answers earlier when something changed
const LEASE_MS = (WAIT_SECONDS + 3) * 1000; // how long another tab's question counts
const HIDDEN_MS = 5000;
const LOST_MS = 1500;
const ME = performance.timeOrigin + Math.random(); // of two that ask, the older one goes on

export class Watch {
  constructor(project, idle) {
    Object.assign(this, { project, job: idle, listeners: new Set(), ended: false, wake: () => {}, leased: 0, holding: false, lost: false });
    this.channel = new BroadcastChannel(`bakeoff.job ${new URL(".", location).pathname} ${project}`);
    this.channel.onmessage = ({ data }) => this.hear(data);
    this.seen = () => { if (document.hidden) this.leave(); else this.wake(); };
    this.gone = () => { if (this.leased <= Date.now()) this.say("left"); };
    document.addEventListener("visibilitychange", this.seen);
    addEventListener("pagehide", this.gone);
    this.go();
  }

  tell(job) {
    if (job.stamp === this.job.stamp) return;
    this.job = job;
    for (const listener of [...this.listeners]) listener(job);
  }

  /** Sentences in it are of a language, so it is shared only by tabs of that one. */
  say(what, job) { if (!this.ended) this.channel.postMessage({ what, job, from: ME, lang: document.documentElement.lang }); }

  hear({ what, job, from, lang }) {
    if (lang !== document.documentElement.lang) return;
    if (what === "answer") this.tell(job);
    if (what === "lost") get("api/app").catch(() => {}); // the frame of this tab tells it too
    if (what === "left" && this.leased > Date.now()) {
      this.leased = 0;
      setTimeout(() => this.wake(), Math.random() * 200); // not all of them at once
    }
    if (what !== "asking") return;
    if (this.holding && from > ME) { this.say("asking"); return; }
    this.leased = Date.now() + LEASE_MS;
    if (this.holding) this.asking.abort();
  }

  /** Sleep, unless something is to be seen at once. */
  pause(ms) {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => { clearTimeout(timer); done(); };
    });
  }

  async go() {
    while (!this.ended) {
      const others = this.leased - Date.now();
      await this.pause(others > 0 ? others : await this.ask());
    }
  }

  /** Ask once; how many ms to rest then. A hidden page keeps no connection and looks now and then. */
  async ask() {
    this.asking = new AbortController();
    const wait = document.hidden || this.job.stamp === null ? 0 : WAIT_SECONDS;
    this.holding = wait > 0;
    if (this.holding) this.say("asking");
    try {
      const job = await get(of(this.project, "job") + query({ after: this.job.stamp, wait }), { signal: this.asking.signal });
      this.lost = false;
      this.tell(job);
      this.say("answer", job);
      return document.hidden ? HIDDEN_MS : 250;
    } catch (error) {
      if (error.name === "AbortError") return 0;
      if (!this.lost) this.say("lost");
      this.lost = true;
      return LOST_MS;
    } finally {
      this.holding = false;
    }
  }

  /** Another one may ask. */
  leave() {
    if (!this.holding) return;
    this.say("left");
    this.asking.abort();
  }

  end() {
    this.gone();
    this.ended = true;
    this.channel.close();
    document.removeEventListener("visibilitychange", this.seen);
    removeEventListener("pagehide", this.gone);
    this.asking?.abort();
    this.wake();
  }
}
