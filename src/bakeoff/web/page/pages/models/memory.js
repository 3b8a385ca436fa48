// What a plan takes of each device, as a bar of its parts; speeds with their range; and how each number was learnt.

import { html } from "../../vendor/preact.js";
import { bytes, decimal, duration, ms, t } from "../../lib/words.js";
import { Badge, Term } from "../../parts/basic.js";

/** Parts as they stand in the bar. */
export const PARTS = {
  weights: (use) => use.weights_bytes,
  kv: (use) => use.kv_cache_bytes + use.recurrent_state_bytes,
  compute: (use) => use.compute_bytes,
  rest: (use) => use.output_bytes + use.overhead_bytes,
};

export function Legend() {
  return html`<ul class="legend" aria-label=${t("models.legend")}>${[...Object.keys(PARTS), "free"].map((name) => html`<li>
    <span class=${`swatch ${name}`} aria-hidden="true"></span>${name === "kv" ? html`<${Term} says=${t("models.part.kv_hint")}>${t("models.part.kv")}<//>` : t(`models.part.${name}`)}</li>`)}</ul>`;
}

const shown = (plan) => plan.memory.devices.filter((one) => one.place >= 0 || one.used_bytes > 0.1 * plan.memory.total_bytes || plan.memory.devices.length === 1);

/** The bars of a plan, one for each device that holds a part worth seeing. */
export function Memory({ plan, long = false }) {
  if (!plan?.memory) return html`<span class="muted">–</span>`;
  return html`<div class="memory">${(long ? plan.memory.devices : shown(plan)).map((one) => html`<${Device} key=${one.place} one=${one} long=${long} />`)}</div>`;
}

function Device({ one, long }) {
  const over = one.used_bytes > one.usable_bytes;
  const whole = Math.max(one.usable_bytes, one.used_bytes) || 1;
  const name = one.place >= 0 ? one.name : t("models.system_memory");
  const parts = Object.entries(PARTS).map(([part, read]) => [part, read(one)]);
  const said = parts.filter(([, size]) => size > 0).map(([part, size]) => `${t(`models.part.${part}`)} ${bytes(size)}`).join(", ");
  const text = t(over ? "models.lacks" : "models.used", { used: bytes(one.used_bytes), usable: bytes(one.usable_bytes), lacking: bytes(one.used_bytes - one.usable_bytes) });
  const width = (share) => (node) => { if (node) node.style.width = `${(100 * share).toFixed(2)}%`; };
  return html`<div class="device"><div class=${over ? "bar over" : "bar"} role="img" aria-label=${`${name}: ${text} (${said})`}>
      ${parts.map(([part, size]) => html`<span key=${part} class=${`part ${part}`} ref=${width(size / whole)} title=${`${t(`models.part.${part}`)} ${bytes(size)}`}></span>`)}
      ${over && html`<span class="edge" ref=${(node) => { if (node) node.style.insetInlineStart = `${(100 * one.usable_bytes) / whole}%`; }}></span>`}</div>
    <p class=${over ? "small bad-text" : "small muted"}>${(long || one.place < 0) && html`<bdi>${name}</bdi> · `}${text}</p>
    ${long && html`<p class="small muted">${said}</p>`}</div>`;
}

/** How a number was learnt, in a word. */
export const source = (estimate) => t(`models.source.${estimate.source}`);

/** Tokens per second: 7.3, 143. */
export const rate = (n) => decimal(n, n < 99.95 ? 1 : 0);

/** Tokens per second with the range. */
export function Speed({ estimate }) {
  if (!estimate) return html`<span class="muted">–</span>`;
  return html`<span class="speed"><strong>${rate(estimate.value)}</strong> <span class="small unit">${t("models.per_second")}</span></span>
    <span class="small muted block">${between(estimate, rate)}, ${source(estimate)}</span>`;
}

/** `73–188`; the ends of an interval. */
export const between = (estimate, show) => (estimate.low === estimate.high ? show(estimate.value) : `${show(estimate.low)}–${show(estimate.high)}`);

export const Verdict = ({ plan }) => html`<${Badge} kind=${{ comfortable: "good", usable: "accent", "does not run": "bad" }[plan.verdict] ?? "warn"}>${plan.verdict_text}<//>`;

/** 8190735360 -> 8.2B */
export const billions = (n) => (n === null || n === undefined ? "–" : n >= 1e12 ? `${decimal(n / 1e12, 1)}T` : n < 1e9 ? `${decimal(n / 1e6, 0)}M` : `${decimal(n / 1e9, n < 1e11 ? 1 : 0)}B`);

/** Points of quality lost, of 100. */
export function loss(estimate) {
  if (!estimate) return "–";
  if (estimate.high === 0) return "0";
  return estimate.high < 0.05 ? `< ${decimal(0.1, 1)}` : `${decimal(estimate.low, 1)}–${decimal(estimate.high, 1)}`;
}

export const waiting = (estimate) => (estimate ? ms(estimate.value) : "–");
export const seconds = (estimate) => (!estimate ? "–" : estimate.value < 10 ? `${decimal(estimate.value, 1)} s` : duration(estimate.value));
