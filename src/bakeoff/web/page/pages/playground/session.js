// What is said in the playground of one project. It outlives the page: answers go on coming while one looks elsewhere.

import { of, raw } from "../../lib/api.js";
import { store, stored } from "../../lib/hooks.js";

export const MOST_VOICES = 5;
const sessions = new Map();
let numbers = 0;

/** A voice is {id, candidate} or {id, model, build, via}; its turns are in `session.turns` under its id. */
class Session {
  constructor(project) {
    const kept = stored(`playground.${project}`, {});
    Object.assign(this, {
      project, voices: (kept.voices ?? []).map((one) => ({ ...one, id: (numbers += 1) })), turns: {}, stops: new Set(), listeners: new Set(),
      settings: { system: null, as_rows: false, temperature: "", max_tokens: "512", seed: "", ...kept.settings },
    });
  }

  listen(fn) { this.listeners.add(fn); return () => this.listeners.delete(fn); }

  changed() { for (const fn of [...this.listeners]) fn(); }

  keep() {
    store(`playground.${this.project}`, { voices: this.voices.map(({ id, ...one }) => one), settings: this.settings });
    this.changed();
  }

  /** The voices that are kept, as far as the project still has them; else its first few candidates. */
  settle(candidates, system) {
    const known = new Set(candidates.map((one) => one.name));
    this.voices = this.voices.filter((one) => one.model || known.has(one.candidate)).slice(0, MOST_VOICES);
    if (!this.voices.length) for (const one of candidates.slice(0, 3)) this.voices.push({ id: (numbers += 1), candidate: one.name });
    if (this.settings.system === null) this.settings = { ...this.settings, system: system ?? "" };
    this.changed();
  }

  set(settings) { this.settings = { ...this.settings, ...settings }; this.keep(); }

  add(voice) { this.voices = [...this.voices, { id: (numbers += 1), ...voice }]; this.keep(); }

  /** Another model in the same column begins anew. */
  replace(id, voice) {
    this.voices = this.voices.map((one) => (one.id === id ? { id: (numbers += 1), ...voice } : one));
    this.keep();
  }

  remove(id) { this.voices = this.voices.filter((one) => one.id !== id); this.keep(); }

  forget() { this.stop(); this.turns = {}; this.changed(); }

  of(voice) { return this.turns[voice.id] ?? []; }

  get busy() { return this.voices.some((one) => OPEN.has(this.of(one).at(-1)?.state)); }

  stop() { for (const one of this.stops) one.abort(); }

  send(message) { return this.ask(this.voices, () => message); }

  /** Ask the last message again: what was answered to it is forgotten. */
  retry(voice) {
    const last = this.of(voice).at(-1);
    this.turns = { ...this.turns, [voice.id]: this.of(voice).slice(0, -1) };
    return this.ask([voice], () => last.user);
  }

  async ask(voices, message) {
    const text = message();
    const turns = voices.map((voice) => {
      const turn = { id: (numbers += 1), user: text, state: "asked", text: "", thinking: "", n: 0 };
      this.put(voice, turn, true);
      return turn.id;
    });
    const update = (index, change) => this.patch(voices[index], turns[index], change);
    const stop = new AbortController();
    this.stops.add(stop);
    try {
      const answer = await raw("POST", of(this.project, "playground"), { body: this.body(voices, turns, text), signal: stop.signal });
      for await (const event of events(answer.body)) update(event.column, heard(event));
      turns.forEach((_, index) => update(index, (turn) => (OPEN.has(turn.state) ? { state: "stopped" } : {})));
    } catch (error) {
      const end = error.name === "AbortError" ? { state: "stopped" } : { state: "error", error: error instanceof TypeError ? { kind: "gone" } : error };
      turns.forEach((_, index) => update(index, (turn) => (OPEN.has(turn.state) ? end : {})));
    } finally {
      this.stops.delete(stop);
      this.changed();
    }
  }

  body(voices, asked, message) {
    const { system, as_rows, temperature, max_tokens, seed } = this.settings;
    const number = (value) => (String(value).trim() === "" ? null : Number(String(value).replace(",", ".")));
    return {
      message, system: system || null, as_rows, temperature: number(temperature), max_tokens: number(max_tokens), seed: number(seed),
      voices: voices.map(({ id, ...voice }) => ({
        ...voice,
        turns: this.of({ id }).filter((turn) => turn.state === "done" && !asked.includes(turn.id)).map((turn) => ({ user: turn.user, answer: turn.text })),
      })),
    };
  }

  put(voice, turn) { this.turns = { ...this.turns, [voice.id]: [...this.of(voice), turn] }; this.changed(); }

  patch(voice, id, change) {
    const turns = this.turns[voice.id];
    if (!turns) return;
    this.turns = { ...this.turns, [voice.id]: turns.map((turn) => (turn.id === id ? { ...turn, ...change(turn) } : turn)) };
    this.changed();
  }
}

const OPEN = new Set(["asked", "waiting", "loading", "streaming"]);
export const isOpen = (turn) => OPEN.has(turn?.state);

/** What an event changes in a turn. */
function heard(event) {
  const { column, kind, ...more } = event;
  if (kind === "request") return () => ({ request: more });
  if (kind === "delta") return (turn) => {
    const begun = turn.begun ?? performance.now();
    return { state: "streaming", begun, text: turn.text + more.text, thinking: turn.thinking + more.thinking, n: turn.n + more.n,
      rate: turn.n > 4 ? (turn.n + more.n - 1) / ((performance.now() - begun) / 1000) : null };
  };
  if (kind === "done") return () => ({ state: "done", text: more.text, thinking: more.thinking ?? "", result: more });
  if (kind === "error") return () => ({ state: "error", error: more.error });
  return () => ({ state: kind });
}

/** Server-sent events of a body, as objects. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6));
  }
}

export function sessionOf(project) {
  if (!sessions.has(project)) sessions.set(project, new Session(project));
  return sessions.get(project);
}

/** Thinking that a model writes into its text between tags, as far as it has come. */
export function parted(turn) {
  const found = /^\s*<think(?:ing)?>([\s\S]*?)(?:<\/think(?:ing)?>([\s\S]*)|$)/.exec(turn.text);
  return found && turn.state !== "done" ? { thinking: turn.thinking + found[1], text: found[2] ?? "" } : turn;
}

export const voiceName = (voice) => voice.candidate ?? [voice.model, voice.build].filter(Boolean).join(" ");
