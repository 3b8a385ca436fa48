// What pages share in fetching and remembering.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { connection, get } from "./api.js";

/**
 * What the server says at `path`; null asks nothing. The last answer stays while a new one is fetched.
 * Asked again when the path changes, on `reload()`, and when the server is back after it was gone.
 * @returns {{data: any, error: ?Error, loading: boolean, reload: () => void}}
 */
export function useFetch(path, { wait = 0 } = {}) {
  const [state, set] = useState({ data: null, error: null, loading: path !== null, path });
  const [turn, again] = useState(0);
  useEffect(() => {
    if (path === null) { set({ data: null, error: null, loading: false, path }); return undefined; }
    const stop = new AbortController();
    set((old) => ({ ...old, loading: true }));
    const timer = setTimeout(() => get(path, { signal: stop.signal }).then(
      (data) => set({ data, error: null, loading: false, path }),
      (error) => { if (error.name !== "AbortError") set((old) => ({ ...old, error, loading: false, path })); },
    ), wait);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [path, turn]);
  useEffect(() => connection.listen((gone) => { if (!gone) again((n) => n + 1); }), []);
  return { ...state, reload: useCallback(() => again((n) => n + 1), []) };
}

/** Whether the server is gone. */
export function useGone() {
  const [gone, set] = useState(connection.gone);
  useEffect(() => connection.listen(set), []);
  return gone;
}

/** A value that outlives the page, by browser. */
export function useStored(key, initial) {
  const [value, set] = useState(() => stored(key, initial));
  const keep = (next) => { set(next); store(key, next); };
  return [value, keep];
}
export function stored(key, initial) {
  try { return JSON.parse(localStorage.getItem(`bakeoff.${key}`)) ?? initial; } catch { return initial; }
}
export function store(key, value) {
  try { localStorage.setItem(`bakeoff.${key}`, JSON.stringify(value)); } catch { /* private window: only now */ }
}

/** Call `work` every `fast` ms, five times as seldom while nobody looks; a slow answer delays the next. */
export function useEvery(work, fast, active = true) {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    if (!active) return undefined;
    let timer;
    let ended = false;
    const turn = async () => {
      try { await latest.current(); } catch { /* told where it was asked; the next turn tries again */ }
      if (!ended) timer = setTimeout(turn, document.hidden ? fast * 5 : fast);
    };
    timer = setTimeout(turn, fast);
    return () => { ended = true; clearTimeout(timer); };
  }, [fast, active]);
}

/**
 * While `open`: a click beside the element of `box` closes it. The focus is in its first `first` before the next key is
 * read; after the paint, a quick key would be undone by it.
 */
export function useOpened(box, open, close, first) {
  useLayoutEffect(() => {
    if (!open) return undefined;
    const away = (event) => { if (!box.current?.contains(event.target)) close(); };
    addEventListener("pointerdown", away);
    box.current.querySelector(first)?.focus();
    return () => removeEventListener("pointerdown", away);
  }, [open]);
}

/** Text that is typed, told `wait` ms after its last change; `[what is shown, what takes an input]`. */
export function useTyped(value, tell, wait) {
  const [text, set] = useState(value);
  const timer = useRef(0);
  useEffect(() => { set(value); }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [text, (next) => {
    set(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => tell(next.trim()), wait);
  }];
}

/**
 * A page's own stylesheets, fetched when they are first needed and off while nothing shown uses them: two pages may give
 * one class name two meanings.
 */
const sheets = new Map();
export function useStyles(...names) {
  const [ready, set] = useState(names.every((name) => sheets.get(name)?.loaded));
  useLayoutEffect(() => {
    let here = true;
    Promise.all(names.map(styles)).then(() => here && set(true));
    return () => { here = false; names.forEach((name) => use(sheets.get(name), -1)); };
  }, []);
  return ready;
}
function styles(name) {
  if (!sheets.has(name)) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `page/styles/${name}.css` });
    const one = { link, users: 0, loaded: false };
    one.arrived = new Promise((done) => { link.onload = link.onerror = () => { one.loaded = true; use(one, 0); done(); }; });
    sheets.set(name, one);
    document.head.append(link);
  }
  use(sheets.get(name), 1);
  return sheets.get(name).arrived;
}
function use(one, more) {
  one.users += more;
  if (one.link.sheet) one.link.sheet.disabled = one.users === 0;
}

/** Whether a media query holds, as the window is turned or made narrower. */
export function useMedia(text) {
  const query = matchMedia(text);
  const [matches, set] = useState(query.matches);
  useEffect(() => {
    const changed = () => set(query.matches);
    changed();
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, [text]);
  return matches;
}

/** Title of the window. */
export function useTitle(...parts) {
  useEffect(() => { document.title = [...parts.filter(Boolean), "Bakeoff"].join(" · "); }, parts);
}
