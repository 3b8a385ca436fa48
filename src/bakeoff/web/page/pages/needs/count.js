// How many models the needs leave: facts and memory at once, and speeds as soon as nothing is typed any more.

import { useEffect, useState } from "../../vendor/preact.js";
import { of, post } from "../../lib/api.js";

const QUICK_MS = 120;
const CALM_MS = 500;

/** @returns {{data: any, error: ?Error, loading: boolean}} the last answer stays while a new one is asked for. */
export function useCount(project, values) {
  const [state, set] = useState({ data: null, error: null, loading: true });
  useEffect(() => {
    const stop = new AbortController();
    const ask = async (speeds) => {
      const data = await post(of(project, "needs", "count"), { values, speeds }, { signal: stop.signal });
      set({ data, error: null, loading: !data.speeds });
      return data;
    };
    const fail = (error) => { if (error.name !== "AbortError") set((old) => ({ ...old, error, loading: false })); };
    set((old) => ({ ...old, loading: true }));
    let calm;
    const timer = setTimeout(() => ask(false).then((data) => {
      if (!data.speeds) calm = setTimeout(() => ask(true).catch(fail), CALM_MS);
    }, fail), QUICK_MS);
    return () => { clearTimeout(timer); clearTimeout(calm); stop.abort(); };
  }, [project, JSON.stringify(values)]);
  return state;
}
