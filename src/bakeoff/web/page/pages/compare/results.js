// One line per model: its quality with the interval first, then what it took.

import { html } from "../../vendor/preact.js";
import { href } from "../../lib/route.js";
import { count, money, ms, percent, rate, t } from "../../lib/words.js";
import { Badge, Interval } from "../../parts/basic.js";
import { Name, padded, quality, range, ranked } from "./numbers.js";

export function Results({ data, project }) {
  const models = ranked(data);
  const known = models.filter((one) => one.quality).map((one) => one.quality);
  const [from, to] = padded(known.length ? known : [{ low: 0, high: 1 }]);
  const has = (of) => models.some((one) => of(one) !== null && of(one) !== undefined);
  const columns = {
    p50: has((one) => one.latency_ms),
    rate: has((one) => one.decode_tokens_per_second),
    cost: has((one) => one.cost_usd),
  };
  return html`
    <div class="table-wrap" tabindex="0" role="group" aria-label=${t("compare.part.results")}><table class="compare-table stack">
      <thead><tr><th scope="col">${t("compare.model")}</th><th scope="col" class="compare-wide">${data.metric_name ?? t("compare.quality")}, ${t("compare.interval")}</th>
        <th scope="col" class="number">${t("compare.scored")}</th>
        ${columns.p50 && html`<th scope="col" class="number">${t("compare.p50")}</th><th scope="col" class="number">${t("compare.p95")}</th>`}
        ${columns.rate && html`<th scope="col" class="number">${t("compare.rate")}</th>`}
        ${columns.cost && html`<th scope="col" class="number">${t("compare.cost")}</th>`}</tr></thead>
      <tbody>${models.map((one) => html`<tr key=${one.model}>
        <th scope="row"><${Name} data=${data} model=${one.model} link=${href(project, "sheet", { query: { candidate: one.model, state: "wrong" } })} />
          <${Remark} data=${data} model=${one.model} />
          <div class="muted small"><bdi>${one.build}</bdi></div></th>
        <td class="compare-wide across">${one.quality ? html`<strong>${percent(one.quality.value)}</strong> <span class="muted">${range(one.quality.low, one.quality.high)}</span>
          <${Interval} ...${one.quality} from=${from} to=${to} accent=${one.model === data.decision.choice} label=${quality(one.quality)} />
          <${More} data=${data} model=${one.model} />` : html`<span class="muted">–</span>`}</td>
        <td class="number" data-label=${t("compare.scored")}>${count(one.quality?.n ?? 0)}<span class="muted">/${count(one.n)}</span><${Wrong} data=${data} model=${one.model} /></td>
        ${columns.p50 && html`<td class="number" data-label=${t("compare.p50")}>${one.latency_ms ? ms(one.latency_ms.p50) : "–"}</td><td class="number" data-label=${t("compare.p95")}>${one.latency_ms ? ms(one.latency_ms.p95) : "–"}</td>`}
        ${columns.rate && html`<td class="number" data-label=${t("compare.rate")}>${one.decode_tokens_per_second === null ? "–" : rate(one.decode_tokens_per_second)}</td>`}
        ${columns.cost && html`<td class="number" data-label=${t("compare.cost")}>${one.cost_usd === null ? "–" : money(one.cost_usd)}</td>`}
      </tr>`)}</tbody></table></div>
    <p class="hint">${t("compare.results_hint")}${data.models.some((one) => one.more.some(({ metric }) => metric === "macro_f1")) && ` ${t("compare.macro_f1")}`}</p>
    <${Said} title=${t("compare.reasons")} reasons=${data.reasons} />
    <${Said} title=${t("compare.caveats")} reasons=${data.caveats} open />`;
}

function Remark({ data, model }) {
  const { decision } = data;
  if (model === decision.choice) return html` <${Badge} kind="accent">${t("compare.chosen")}<//>`;
  const alike = data.models.find((one) => one.model === model).alike;
  return alike ? html` <${Badge}>${t(decision.verdict === "not worse" ? "compare.as_good" : "compare.not_told_apart")}<//>` : null;
}

function More({ data, model }) {
  const { more } = data.models.find((one) => one.model === model);
  return more.length ? html`<div class="muted small">${more.map((one) => html`<div>${one.name} ${quality(one)}</div>`)}</div>` : null;
}

/** What went wrong with answers, by kind, and what preflight found in them. */
function Wrong({ data, model }) {
  const { states } = data.models.find((one) => one.model === model);
  return states.length ? html`<div class="compare-wrong small">${states.map((one) => html`<div>${one}</div>`)}</div>` : null;
}

function Said({ title, reasons, open = false }) {
  if (!reasons.length) return null;
  return html`<details class="compare-said" open=${open || reasons.length <= 3}><summary>${title}</summary>
    <ul>${reasons.map((one) => html`<li>${one.text}</li>`)}</ul></details>`;
}
