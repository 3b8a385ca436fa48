// Cost against volume: one line per way of one candidate, and the volumes at which another becomes cheaper.

import { html, useState } from "../../vendor/preact.js";
import { count, t } from "../../lib/words.js";
import { Select } from "../../parts/basic.js";
import { Chart } from "../../parts/chart.js";
import { wayOf } from "./ways.js";

const DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 6], [1, 3], [10, 2, 2, 2, 2, 2]];

export function Volume({ data, money }) {
  const options = new Map(data.options.map((one) => [one.key, one]));
  const models = [...new Set(data.curves.lines.map((line) => options.get(line.option).model))];
  const [model, setModel] = useState(models[0]);
  const chosen = models.includes(model) ? model : models[0];
  const lines = data.curves.lines.filter((line) => options.get(line.option).model === chosen);
  if (lines.length < 2) return null;
  const volumes = data.curves.requests_per_day;
  const name = (key) => wayOf(options.get(key));
  const pairs = data.break_evens.filter((one) => options.get(one.first).model === chosen);
  const crossings = pairs.flatMap((one) => one.crossings.map((at) => ({ ...at, other: at.cheaper_above === one.first ? one.second : one.first })))
    .sort((a, b) => a.requests_per_day - b.requests_per_day);
  const within = (at) => at >= volumes[0] && at <= volumes.at(-1);
  const values = lines.flatMap((line) => line.monthly_usd.map((usd, i) => ({ volume: volumes[i], usd, way: name(line.option) })))
    .filter((one) => one.usd > 0);
  const at = (line, volume) => line.monthly_usd[volumes.findIndex((one) => one >= volume)];
  const points = crossings.filter((one) => within(one.requests_per_day)).map((one) => ({ volume: one.requests_per_day,
    usd: at(lines.find((line) => line.option === one.cheaper_above) ?? lines[0], one.requests_per_day) }));
  const ways = lines.map((line) => name(line.option));
  const titles = { volume: t("cost.axis.volume"), usd: t("cost.axis.month"), here: t("cost.here") };
  const legend = { title: null, orient: "bottom", columns: 1, symbolSize: 500, symbolStrokeWidth: 2, labelLimit: 900 };
  // No mark is named: the figure says what it shows, and the table has the numbers.
  const spec = (colour) => ({
    layer: [
      { data: { values: [{ volume: data.load.requests_per_day, text: titles.here }] }, layer: [
        { mark: { aria: false, type: "rule", color: colour.line, strokeWidth: 1.5 }, encoding: { x: { field: "volume", type: "quantitative" } } },
        { mark: { aria: false, type: "text", align: "left", dx: 5, dy: 8, baseline: "top", color: colour.muted, fontSize: 11 },
          encoding: { x: { field: "volume", type: "quantitative" }, y: { value: 0 }, text: { field: "text" } } }] },
      { data: { values }, mark: { aria: false, type: "line", strokeWidth: 2, interpolate: "linear" }, encoding: {
        x: { field: "volume", type: "quantitative", scale: { type: "log", nice: false }, title: titles.volume, axis: { format: "~s", tickCount: 6, grid: false } },
        y: { field: "usd", type: "quantitative", scale: { type: "log" }, title: titles.usd, axis: { format: "~s", tickCount: 5 } },
        strokeDash: { field: "way", scale: { domain: ways, range: ways.map((_, i) => DASHES[i % DASHES.length]) },
          legend },
        color: { field: "way", legend, scale: { domain: ways, range: ways.map((_, i) => (i === 0 ? colour.accent : i % 2 ? colour.ink : colour.muted)) } } } },
      ...(points.length ? [{ data: { values: points }, mark: { aria: false, type: "point", filled: true, size: 70, color: colour.accent, stroke: colour.paper, strokeWidth: 1.5, opacity: 1 },
        encoding: { x: { field: "volume", type: "quantitative" }, y: { field: "usd", type: "quantitative" } } }] : []),
    ],
  });
  const always = pairs.filter((one) => one.crossings.length === 0);
  return html`<section><h2>${t("cost.volume")}</h2>
    ${models.length > 1 && html`<div class="pick"><${Select} label=${t("cost.of_candidate")} value=${chosen} options=${models.map((one) => [one, one])} onChange=${setModel} /></div>`}
    <${Chart} spec=${spec} height=${300} label=${t("cost.volume_label", { model: chosen, n: points.length })} />
    <div class="table-wrap" tabindex="0" role="group" aria-label=${t("cost.break_even")}><table class="crossings stack"><caption>${t("cost.break_even")}</caption>
      <thead><tr><th class="number">${t("cost.column.from")}</th><th>${t("cost.column.cheaper")}</th><th>${t("cost.column.than")}</th></tr></thead>
      <tbody>${crossings.slice(0, 12).map((one, i) => html`<tr key=${i}><td class="number across" data-label=${t("cost.column.from")}>${count(Math.max(1, Math.round(one.requests_per_day)))}</td>
          <td data-label=${t("cost.column.cheaper")}>${name(one.cheaper_above)}</td><td data-label=${t("cost.column.than")}>${name(one.other)}</td></tr>`)}
        ${always.map((one) => html`<tr key=${one.first + one.second}><td class="number muted across" data-label=${t("cost.column.from")}>${t("cost.always", { n: count(Math.round(one.looked_up_to)) })}</td>
          <td data-label=${t("cost.column.cheaper")}>${name(one.cheaper_at_once ?? one.first)}</td><td data-label=${t("cost.column.than")}>${name((one.cheaper_at_once ?? one.first) === one.first ? one.second : one.first)}</td></tr>`)}</tbody></table></div>
  </section>`;
}
