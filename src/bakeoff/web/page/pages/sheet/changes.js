// What changed since: asked every 300 ms while something runs, every second else, every five while nobody looks.

import { get, of, query } from "../../lib/api.js";

const RUNNING = 300;
const IDLE = 1000;
const HIDDEN = 5000;
const MOST = 5000;

/**
 * Follow a project's ledger from `seq` on, until its file or data are no longer as in `stamp`.
 * @param {{cells: (cells: object[], answer: object) => void, reset: () => void, running: (on: boolean) => void}} on
 * @returns {{stop: () => void, now: () => void}} `now` asks at once: a run was started here.
 */
export function follow(project, { seq, stamp }, on) {
  let after = seq;
  let timer = null;
  let ended = false;
  let asking = false;
  let running = false;
  const turn = async () => {
    if (asking) return;
    clearTimeout(timer);
    asking = true;
    let wait = IDLE;
    try {
      const found = await get(of(project, "changes") + query({ after, stamp, limit: MOST }));
      if (ended) return;
      after = found.seq;
      if (found.reset) { ended = true; on.reset(); return; }
      if (found.cells.length) on.cells(found.cells, found);
      if (found.running !== running) { running = found.running; on.running(running); }
      wait = found.cells.length >= MOST ? 0 : running ? RUNNING : IDLE;
    } catch { /* the frame tells that the server is gone; ask again */ } finally {
      asking = false;
      if (!ended) timer = setTimeout(turn, document.hidden ? HIDDEN : wait);
    }
  };
  const seen = () => { if (!document.hidden) turn(); };
  document.addEventListener("visibilitychange", seen);
  timer = setTimeout(turn, RUNNING);
  return {
    stop() { ended = true; clearTimeout(timer); document.removeEventListener("visibilitychange", seen); },
    now: () => turn(),
  };
}
