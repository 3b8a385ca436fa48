// The numbers that are asked for, and what the server makes of them: typed at once, counted a moment later.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { connection, get, of, post } from "../../lib/api.js";

const WAIT = 120; // milliseconds without a change before the server is asked
const stamps = new Map();
const drafts = new Map(); // project -> what was changed here; other pages do not lose it

const empty = (value) => value === undefined || value === null || value === "" || value === false
  || (typeof value === "object" && Object.keys(value).length === 0);

/** Only what says something. `machines` may be empty: no machine at all; `hosted` may be false. */
export function cleaned(draft) {
  const kept = Object.entries(draft).filter(([name, value]) =>
    (name === "hosted" && value === false) || (name === "machines" && Array.isArray(value)) || !empty(value));
  return Object.fromEntries(kept);
}
export const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
export const blank = (draft) => Object.keys(cleaned(draft)).length === 0;
const sorted = (value) => (value && typeof value === "object" && !Array.isArray(value)
  ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value);

/** The draft and its costs. The last answer stays while a new one is counted, and after an error. */
export function useCosts(project) {
  const [draft, setDraft] = useState(drafts.get(project) ?? null);
  const [state, set] = useState({ data: null, error: null, loading: true });
  const [turn, again] = useState(0);
  const answered = useRef(null); // the draft that `data` is about
  const seen = useRef(stamps.get(project)); // the stamp of what is saved, when the draft was begun
  const look = (stamp) => { seen.current = stamp; stamps.set(project, stamp); };
  const keep = (next) => { drafts.set(project, next); setDraft(next); };
  useEffect(() => {
    if (draft !== null && state.data && same(cleaned(draft), answered.current)) { set((old) => ({ ...old, loading: false, error: null })); return undefined; }
    const stop = new AbortController();
    set((old) => ({ ...old, loading: true }));
    const ask = () => (draft === null
      ? get(of(project, "cost"), { signal: stop.signal })
      : post(of(project, "cost"), cleaned(draft), { signal: stop.signal }));
    const timer = setTimeout(() => ask().then((data) => {
      answered.current = draft === null ? data.saved : cleaned(draft);
      set({ data, error: null, loading: false });
      if (draft === null || same(cleaned(draft), data.saved)) look(data.stamp);
      if (draft === null) keep(data.saved);
    }, (error) => { if (error.name !== "AbortError") set((old) => ({ ...old, error, loading: false })); }),
    state.data ? WAIT : 0);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [project, JSON.stringify(draft), turn]);
  useEffect(() => connection.listen((gone) => { if (!gone) again((n) => n + 1); }), []);
  return {
    ...state,
    draft: draft ?? {},
    seen: seen.current,
    look,
    change: (more) => keep({ ...draft, ...more }),
    replace: (next, data = null) => {
      if (data) { look(data.stamp); answered.current = next; set({ data, error: null, loading: false }); }
      keep(next);
    },
    retry: () => { answered.current = null; again((n) => n + 1); },
  };
}
