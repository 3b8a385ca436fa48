// The decision under the rule that is being tried; without a draft it is the saved one.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { useJob } from "../../parts/job.js";

/** `draft`: {rule, smallest_gap_that_matters, weights} as far as they differ from what is saved. */
export function useDecision(project) {
  const [draft, setDraft] = useState({});
  const weights = draft.weights && Object.entries(draft.weights).map(([name, value]) => `${name}=${value}`);
  const path = of(project, "decision") + query({ rule: draft.rule, gap: draft.smallest_gap_that_matters, weight: weights });
  const found = useFetch(path, { wait: Object.keys(draft).length ? 90 : 0 });
  const { state } = useJob(project);
  const before = useRef(state);
  const seen = useRef(null); // the stamp of what the draft was begun from
  if (found.data && Object.keys(draft).length === 0) seen.current = found.data.stamp;
  useEffect(() => {
    if (before.current === "running" && state !== "running") found.reload(); // new answers may have come
    before.current = state;
  }, [state]);
  return { ...found, draft, seen: seen.current, change: (more) => setDraft({ ...draft, ...more }), replace: setDraft };
}
