// Seconds that a person looked at an item: while the window is hidden, the clock stands.

import { useEffect, useRef } from "../../vendor/preact.js";

/** @returns a function that gives the seconds since the item was shown. */
export function useClock(token) {
  const clock = useRef({ spent: 0, since: performance.now() });
  useEffect(() => {
    clock.current = { spent: 0, since: document.hidden ? null : performance.now() };
    const turned = () => {
      const now = clock.current;
      if (document.hidden && now.since !== null) clock.current = { spent: now.spent + performance.now() - now.since, since: null };
      if (!document.hidden && now.since === null) clock.current = { ...now, since: performance.now() };
    };
    document.addEventListener("visibilitychange", turned);
    return () => document.removeEventListener("visibilitychange", turned);
  }, [token]);
  return () => {
    const { spent, since } = clock.current;
    return Math.round((spent + (since === null ? 0 : performance.now() - since)) / 100) / 10;
  };
}
