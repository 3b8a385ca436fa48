// Intervals and names as this page writes them.

import { html } from "../../vendor/preact.js";
import { decimal, percent, points } from "../../lib/words.js";

/** `80.4–92.3`, in percent or points. */
export const range = (low, high) => `${points(low)}–${points(high)}`;
/** With the sign that tells the direction. */
export const signed = (share) => `${share > 0 ? "+" : share < 0 ? "−" : ""}${points(Math.abs(share))}`;
export const signedRange = (low, high) => `${signed(low)} … ${signed(high)}`;
export const p = (value) => (value < 0.001 ? `< ${decimal(0.001, 3)}` : decimal(value, 3));
export const quality = (one) => (one ? `${percent(one.value)} (${range(one.low, one.high)})` : "–");

/** An axis with a little room at both ends. */
export function padded(intervals) {
  const low = Math.min(...intervals.map((one) => one.low));
  const high = Math.max(...intervals.map((one) => one.high));
  const pad = Math.max((high - low) * 0.08, 0.005);
  return [low - pad, high + pad];
}

/** The letter that stands for a model in charts, and its name. */
export const Name = ({ data, model, link }) => {
  const { key } = data.models.find((one) => one.model === model);
  const chosen = model === data.decision.choice;
  const name = link ? html`<a href=${link}><bdi>${model}</bdi></a>` : html`<bdi>${model}</bdi>`;
  return html`<span class="compare-name"><span class=${chosen ? "compare-key chosen" : "compare-key"} aria-hidden="true">${key}</span> ${name}</span>`;
};

/** The models of the decision, the best first. */
export const ranked = (data) => data.models.map(({ model }) => data.decision.models.find((one) => one.model === model));
