// What a person may say of an item, and by which key.

import { useEffect, useRef } from "../../vendor/preact.js";

export const PAIR = [
  { said: "left", keys: ["a", "ArrowLeft"], shown: "A" },
  { said: "tie", keys: ["t"], shown: "T" },
  { said: "both bad", keys: ["x"], shown: "X" },
  { said: "right", keys: ["b", "ArrowRight"], shown: "B" },
];
export const POINT = [
  { said: "correct", keys: ["r"], shown: "R" },
  { said: "wrong", keys: ["w"], shown: "W" },
];
export const SKIP = { said: "skip", keys: ["s"], shown: "S" };

const TYPING = "input:not([type=radio]):not([type=checkbox]), select, textarea, [contenteditable], dialog";

/** Arrows choose among radios, and move a focused text that is wider than its place. */
const wantsArrows = (node) => node.type === "radio" || (node !== document.body && node.scrollWidth > node.clientWidth + 1);

/** Call what a key stands for; never while somebody types, with a modifier, or by a key that is held down. */
export function useKeys(table) {
  const latest = useRef(table);
  latest.current = table;
  useEffect(() => {
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
      if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
      if (event.key.startsWith("Arrow") && wantsArrows(event.target)) return;
      const found = latest.current[event.key] ?? latest.current[event.key.toLowerCase()];
      if (found) { event.preventDefault(); found(event); }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
