// Quality against time or cost: the report's own chart. Every point is a line of the list below it, too.

import { html, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { go, href } from "../../lib/route.js";
import { money, ms, t } from "../../lib/words.js";
import { Loading, Problem, Segmented } from "../../parts/basic.js";
import { Chart } from "../../parts/chart.js";
import { Name, quality, ranked } from "./numbers.js";
import { WhenSeen } from "./section.js";

/** The rows of a model's column in the sheet, its worst first. */
const column = (model) => ({ query: { sort: `score:${model}:asc` } });

export function Tradeoffs(props) {
  return html`<${WhenSeen} class="compare-tall"><${Charts} ...${props} /><//>`;
}

function Charts({ data, project }) {
  const [against, set] = useState("speed");
  // What was asked for again after a refresh is the same chart with other numbers.
  const { data: found, error } = useFetch(of(project, "compare", "chart") + query({ against, turn: data.cells - data.missing }));
  if (error) return html`<${Problem} error=${error} />`;
  if (!found) return html`<${Loading} />`;
  const model = (key) => data.models.find((one) => one.key === key)?.model;
  const priced = Object.keys(found.usd).length > 1;
  return html`
    ${found.sentences.map((one) => html`<p>${one}</p>`)}
    ${priced && html`<div class="compare-switch"><${Segmented} label=${t("compare.against")} value=${against} onChange=${set}
      options=${[["speed", t("compare.against_speed")], ["cost", t("compare.against_cost")]]} /></div>`}
    ${found.spec && html`<${Chart} label=${t("compare.chart_label")} height=${340} spec=${(colours) => drawn(found, colours)}
      onPick=${(datum) => { if (model(datum.key)) go(project, "sheet", column(model(datum.key))); }} />`}
    <ul class="compare-legend">${ranked(data).filter((one) => one.quality).map((one) => html`<li>
      <${Name} data=${data} model=${one.model} link=${href(project, "sheet", column(one.model))} />
      <span class="muted">${[quality(one.quality), one.latency_ms && ms(one.latency_ms.p50), usd(found, one.model)].filter(Boolean).join(" · ")}</span></li>`)}</ul>
    <p class="hint">${t(found.has_front ? "compare.chart_front_hint" : "compare.chart_hint")}</p>`;
}

const usd = (found, model) => (model in found.usd ? t(found.monthly ? "compare.a_month" : "compare.a_run", { usd: money(found.usd[model]) }) : null);

/** The report's specification in the page's width and colours. */
function drawn({ spec, colours: theirs }, ours) {
  let text = JSON.stringify(spec);
  for (const [name, colour] of Object.entries(theirs)) text = text.replaceAll(`"${colour}"`, JSON.stringify(ours[name]));
  const { width, height, autosize, padding, config, $schema, ...rest } = JSON.parse(text);
  return { ...rest, padding: { top: 8, left: 4, right: 8, bottom: 4 }, config: { axis: config.axis, view: config.view } };
}
