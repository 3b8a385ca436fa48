// Rows of the view, fetched block by block, with the changes that arrive meanwhile. Knows nothing of how they are shown.

import { get, of, query } from "../../lib/api.js";

export const BLOCK = 40; // rows asked for at once: two windows of comfortable rows
const KEPT = 45; // blocks; beyond it the one that was used longest ago goes
const AT_ONCE = 2;
const SETTLE = 400; // ms
const AHEAD = 3; // blocks fetched before they are asked for, in the direction of travel

export class Rows {
  /** @param {string} project its name. */
  constructor(project) {
    this.project = project;
    this.view = {};
    this.total = 0;
    this.#reset();
  }

  #reset() {
    this.epoch = (this.epoch ?? 0) + 1; // answers to an older view are dropped
    this.blocks = new Map(); // index -> rows, the least recently used first
    this.waiting = new Map(); // index -> {promise, resolve, reject}
    this.queue = []; // indices; the last is fetched first: what is in sight now matters most
    this.flying = 0;
    this.late = new Map(); // changes that an answer under way may not have
    this.last = 0;
    this.settled = false;
    this.byId = new Map();
  }

  /**
   * Show another view of the rows: find, state, candidate, where, sort, row. Resolves when its first block is here,
   * and only then forgets the old one, so that nothing blinks.
   */
  async open(view) {
    const wanted = { ...view };
    this.wanted = wanted;
    const first = await this.#ask(wanted, 0);
    if (this.wanted !== wanted) return false;
    this.#reset();
    this.view = wanted;
    this.total = first.total;
    this.seq = first.seq;
    this.#keep(0, first.rows);
    return true;
  }

  #ask(view, index) {
    return get(of(this.project, "rows") + query({ ...view, start: index * BLOCK, count: BLOCK }));
  }

  /** The rows of a block: themselves where they are here, else a promise of them. */
  block(index) {
    const step = Math.sign(index - this.last) || 1;
    this.last = index;
    const found = this.#used(index);
    if (found) { this.#ahead(index, step); return found; }
    // What is in sight first; a jump past it needs no neighbours.
    return this.#fetch(index, true).then((rows) => { if (this.last === index) this.#ahead(index, step); return rows; });
  }

  #ahead(index, step) {
    if (!this.settled) { // the first rows are drawn before more is asked for
      this.settled = true;
      const { epoch } = this;
      const later = () => { if (this.epoch === epoch && this.last === index) this.#ahead(index, step); };
      requestAnimationFrame(() => setTimeout(later, SETTLE));
      return;
    }
    for (let i = 1; i <= AHEAD; i += 1) {
      const next = index + i * step;
      if (next >= 0 && next * BLOCK < this.total && !this.blocks.has(next)) this.#fetch(next, false).catch(() => {});
    }
  }

  /** One row by its place in the view; undefined beyond the end. */
  async at(place) {
    if (place < 0 || place >= this.total) return undefined;
    return (await this.block(Math.floor(place / BLOCK)))[place % BLOCK];
  }

  #used(index) {
    const rows = this.blocks.get(index);
    if (rows) { this.blocks.delete(index); this.blocks.set(index, rows); }
    return rows;
  }

  #fetch(index, urgent) {
    const there = this.waiting.get(index);
    if (there) {
      const place = this.queue.indexOf(index);
      if (urgent && place >= 0) { this.queue.splice(place, 1); this.queue.push(index); }
      return there.promise;
    }
    const entry = {};
    entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    this.waiting.set(index, entry);
    if (urgent) this.queue.push(index); else this.queue.unshift(index);
    this.#pump();
    return entry.promise;
  }

  async #pump() {
    if (this.flying >= AT_ONCE || !this.queue.length) return;
    const { epoch } = this;
    const index = this.queue.pop();
    const entry = this.waiting.get(index);
    this.flying += 1;
    this.#pump();
    try {
      const found = await this.#ask(this.view, index);
      if (this.epoch === epoch) entry.resolve(this.#keep(index, found.rows));
    } catch (error) {
      entry.reject(error);
    }
    if (this.epoch !== epoch) return;
    this.waiting.delete(index);
    this.flying -= 1;
    if (!this.flying) this.late.clear();
    this.#pump();
  }

  #keep(index, rows) {
    for (const row of rows) {
      const late = this.late.get(row.id);
      if (late) for (const [name, cell] of late) this.#newer(row, name, cell);
      this.byId.set(row.id, row);
    }
    this.blocks.set(index, rows);
    if (this.blocks.size > KEPT) {
      const [oldest, gone] = this.blocks.entries().next().value;
      this.blocks.delete(oldest);
      for (const row of gone) this.byId.delete(row.id);
    }
    return rows;
  }

  #newer(row, name, cell) {
    const old = row.cells[name];
    if (old && old.seq > cell.seq) return false;
    row.cells[name] = cell;
    return true;
  }

  /**
   * Put changed cells in their places.
   * @param {object[]} cells as `changes` tells them: {row, candidate, ...CELL}.
   * @param {(id: string) => ?object} shown a row that is shown though no longer kept here.
   * @returns {Map<string, Set<string>>} the candidates whose cells changed, by row.
   */
  apply(cells, shown) {
    const touched = new Map();
    for (const { row: id, candidate, ...cell } of cells) {
      if (this.flying) {
        if (!this.late.has(id)) this.late.set(id, new Map());
        this.late.get(id).set(candidate, cell);
      }
      const kept = this.byId.get(id);
      const seen = shown(id);
      const changed = (kept && this.#newer(kept, candidate, cell)) | (seen && seen !== kept && this.#newer(seen, candidate, cell));
      if (!changed) continue;
      if (!touched.has(id)) touched.set(id, new Set());
      touched.get(id).add(candidate);
    }
    return touched;
  }
}
