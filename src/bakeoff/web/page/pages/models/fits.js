// Plans for the rows of the table: those that are seen first, the others after; the old ones stay until the new are there.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { get, query } from "../../lib/api.js";

const WAIT_MS = 15;
const SEEN_MARGIN = 0; // pixels beyond the window
const FIRST = 4;
const CHUNK = 15;

const known = new Map(); // setting -> model -> plan; as long as the page is open
const MOST_SETTINGS = 40;

/**
 * @param {string[]} names of models.
 * @param setting {machine, context, users, quantization}.
 * @returns {{plans: Map, fresh: (name: string) => boolean, error}} a plan that is not fresh is of another setting.
 */
export function useFits(names, setting) {
  const key = JSON.stringify(setting);
  const [state, set] = useState({ plans: new Map(), error: null });
  const last = useRef(null);
  useEffect(() => {
    if (names.length === 0) return undefined;
    const stop = new AbortController();
    const there = known.get(key) ?? remember(key);
    const show = () => set((old) => ({ plans: new Map([...old.plans, ...there]), error: null }));
    if (there.size) show();
    const work = async () => {
      const lacking = seenFirst(names.filter((name) => !there.has(name)));
      for (let at = 0; at < lacking.length; at += at === 0 ? FIRST : CHUNK) {
        const part = lacking.slice(at, at + (at === 0 ? FIRST : CHUNK));
        const found = await get(`api/fit${query({ ...setting, model: part })}`, { signal: stop.signal });
        for (const plan of found.plans) there.set(plan.model, plan);
        show();
      }
    };
    const timer = setTimeout(() => work().catch((error) => {
      if (error.name !== "AbortError") set((old) => ({ ...old, error }));
    }), last.current === null ? 0 : WAIT_MS);
    last.current = key;
    return () => { clearTimeout(timer); stop.abort(); };
  }, [key, names]);
  const now = known.get(key);
  return { ...state, fresh: (name) => now?.has(name) ?? false };
}

function remember(key) {
  const made = new Map();
  known.set(key, made);
  if (known.size > MOST_SETTINGS) known.delete(known.keys().next().value);
  return made;
}

/** Names whose rows are in the window come first. */
function seenFirst(names) {
  const rows = new Map([...document.querySelectorAll("[data-model]")].map((row) => [row.dataset.model, row.getBoundingClientRect()]));
  const seen = (name) => {
    const box = rows.get(name);
    return box !== undefined && box.bottom > -SEEN_MARGIN && box.top < innerHeight + SEEN_MARGIN;
  };
  return [...names.filter(seen), ...names.filter((name) => !seen(name))];
}
