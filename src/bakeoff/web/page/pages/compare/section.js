// One part of the comparison. What needs a request or a chart begins when it is first seen.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../lib/words.js";

export function Section({ name, children }) {
  return html`<section id=${`compare-${name}`} class=${`compare-${name}`} aria-labelledby=${`compare-${name}-h`}>
    <h2 id=${`compare-${name}-h`}>${t(`compare.part.${name}`)}</h2>${children}</section>`;
}

/** Draw all that waits to be seen, as for paper; ends when it is drawn. */
export async function drawAll() {
  dispatchEvent(new Event(ALL));
  const until = performance.now() + MOST_MS;
  do await new Promise((done) => { setTimeout(done, 150); });
  while (document.querySelector(".compare .loading") && performance.now() < until);
}
const ALL = "bakeoff-draw-all";
const MOST_MS = 15_000;

/** Draws its children from the moment that it comes near the window. */
export function WhenSeen({ children, class: more = "" }) {
  const box = useRef(null);
  const [seen, set] = useState(false);
  useEffect(() => {
    if (seen) return undefined;
    const look = new IntersectionObserver((entries) => { if (entries.some((one) => one.isIntersecting)) set(true); }, { rootMargin: "200px" });
    look.observe(box.current);
    const all = () => set(true);
    addEventListener(ALL, all);
    return () => { look.disconnect(); removeEventListener(ALL, all); };
  }, [seen]);
  return html`<div ref=${box} class=${`when-seen ${more}`}>${seen && children}</div>`;
}
