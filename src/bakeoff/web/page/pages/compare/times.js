// How long answers took: a distribution per model over one axis, and the same as a table.

import { html } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { count, ms, t } from "../../lib/words.js";
import { Loading, Problem } from "../../parts/basic.js";
import { Chart } from "../../parts/chart.js";
import { Name } from "./numbers.js";
import { WhenSeen } from "./section.js";

const ROW = 54; // pixels of one distribution
const SHARES = ["p5", "p25", "p50", "p75", "p95"];

export function Times(props) {
  return html`<${WhenSeen} class="compare-tall"><${Distributions} ...${props} /><//>`;
}

function Distributions({ data, project }) {
  const { data: found, error } = useFetch(of(project, "compare", "latencies") + query({ turn: data.cells - data.missing }));
  if (error) return html`<${Problem} error=${error} />`;
  if (!found) return html`<${Loading} />`;
  const models = data.models.map((one) => ({ ...one, ...found.candidates.find((other) => other.candidate === one.model) })).filter((one) => one.n > 0);
  return html`
    <${Chart} label=${t("compare.times_label")} height=${models.length * ROW + 40} spec=${(colours) => drawn(found, models, data.decision.choice, colours)} />
    <p class="hint">${t(found.logarithmic ? "compare.times_hint_log" : "compare.times_hint")}</p>
    <div class="table-wrap" tabindex="0" role="group" aria-label=${t("compare.part.times")}><table class="compare-table stack">
      <thead><tr><th scope="col">${t("compare.model")}</th><th scope="col" class="number">${t("compare.answers")}</th>
        ${SHARES.map((one) => html`<th scope="col" class="number">${t(`compare.share.${one}`)}</th>`)}</tr></thead>
      <tbody>${models.map((one) => html`<tr key=${one.model}><th scope="row"><${Name} data=${data} model=${one.model} /></th><td class="number" data-label=${t("compare.answers")}>${count(one.n)}</td>
        ${SHARES.map((share) => html`<td class="number" data-label=${t(`compare.share.${share}`)}>${ms(one.percentiles[share])}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** One row of bars per model; a tick at its median. Letters stand for the models. */
function drawn(found, models, choice, { ink, muted, accent }) {
  const seconds = found.edges.at(-1) >= 2000;
  const unit = seconds ? 1000 : 1;
  const bars = models.flatMap((one, row) => {
    const most = Math.max(...one.counts);
    return one.counts.map((n, i) => ({ row, n, from: found.edges[i] / unit, to: found.edges[i + 1] / unit,
      base: models.length - 1 - row, top: models.length - 1 - row + (0.8 * n) / most, chosen: one.model === choice })).filter((bar) => bar.n > 0);
  });
  const medians = models.map((one, row) => ({ x: one.percentiles.p50 / unit, base: models.length - 1 - row, top: models.length - 0.2 - row }));
  const keys = models.map((one, row) => ({ key: one.key, y: models.length - 0.6 - row }));
  const scale = found.logarithmic
    ? { type: "log", domain: [found.edges[0] / unit, found.edges.at(-1) / unit], nice: false }
    : { domain: [found.edges[0] / unit, found.edges.at(-1) / unit], nice: false, zero: false };
  const x = { type: "quantitative", scale, axis: { title: t(seconds ? "compare.axis_s" : "compare.axis_ms"), titleAnchor: "start", grid: true, tickCount: 6, format: "~r" } };
  const y = { type: "quantitative", scale: { domain: [0, models.length], nice: false }, axis: null };
  return {
    padding: { left: 26, right: 8, top: 4, bottom: 4 },
    layer: [
      { data: { values: bars }, mark: { type: "rect", stroke: null },
        encoding: { x: { ...x, field: "from" }, x2: { field: "to" }, y: { ...y, field: "base" }, y2: { field: "top" },
          color: { condition: { test: "datum.chosen", value: accent }, value: muted }, opacity: { value: 0.75 } } },
      { data: { values: medians }, mark: { type: "rule", color: ink, strokeWidth: 2 },
        encoding: { x: { ...x, field: "x" }, y: { ...y, field: "base" }, y2: { field: "top" } } },
      { data: { values: keys }, mark: { type: "text", align: "right", dx: -8, fontWeight: 600, color: ink, fontSize: 13 },
        encoding: { x: { value: 0 }, y: { ...y, field: "y" }, text: { field: "key" } } },
    ],
  };
}
