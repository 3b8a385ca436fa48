// Why: the numbers of every candidate, intervals first; what became of each; limits; what would change the choice.

import { html } from "../../vendor/preact.js";
import { href } from "../../lib/route.js";
import { count, money, ms, percent, points, rate, t } from "../../lib/words.js";
import { Badge, Interval, Notice } from "../../parts/basic.js";

const isChange = (one) => one.code.startsWith("change.");

export function Why({ data, project }) {
  const { decision } = data;
  const fates = data.reasons.filter((one) => !isChange(one));
  const changes = data.reasons.filter(isChange);
  return html`<${Standing} data=${data} project=${project} />
    ${data.pair && html`<${RunnerUp} data=${data} />`}
    ${fates.length > 0 && html`<section><h2>${t("decision.reasons")}</h2><ul class="lines">${fates.map((one, i) => html`<li key=${i}>${one.text}</li>`)}</ul></section>`}
    ${changes.length > 0 && html`<section><h2>${t("decision.changes")}</h2><ul class="lines">${changes.map((one, i) => html`<li key=${i}>${one.text}</li>`)}</ul></section>`}
    ${data.limits.length > 0 && html`<${Limits} limits=${data.limits} choice=${decision.choice} />`}
    ${data.caveats.length > 0 && html`<section><h2>${t("decision.caveats")}</h2>${data.caveats.map((one, i) => html`<${Notice} key=${i} kind="warn">${one.text}<//>`)}</section>`}`;
}

/** Every candidate, best first. */
function Standing({ data, project }) {
  const { decision } = data;
  const ranked = [...decision.models].sort((a, b) => (b.quality?.value ?? -1) - (a.quality?.value ?? -1));
  const costs = ranked.some((one) => one.cost_usd !== null);
  return html`<section class="standing"><div class="table-wrap" tabindex="0" role="group" aria-label=${t("decision.standing")}><table><caption>${t("decision.standing")}</caption>
    <thead><tr><th>${t("decision.column.candidate")}</th><th>${t("decision.column.quality")}</th><th class="number">${t("decision.column.latency")}</th>
      ${costs && html`<th class="number">${t("decision.column.cost")}</th>`}<th class="number">${t("decision.column.rows")}</th></tr></thead>
    <tbody>${ranked.map((one) => html`<tr key=${one.model} class=${one.model === decision.choice ? "chosen" : ""}>
      <th scope="row"><bdi>${one.model}</bdi> ${one.model === decision.choice && html`<${Badge} kind="accent">${t("decision.chosen")}<//>`}</th>
      <td>${one.quality ? html`<span class="quality"><strong>${percent(one.quality.value)}</strong> <span class="small muted">${points(one.quality.low)} – ${points(one.quality.high)}</span>
        <${Interval} value=${one.quality.value} low=${one.quality.low} high=${one.quality.high} accent=${one.model === decision.choice}
          label=${t("decision.quality_between", { value: percent(one.quality.value), low: percent(one.quality.low), high: percent(one.quality.high) })} /></span>` : "–"}</td>
      <td class="number">${one.latency_ms ? ms(one.latency_ms.p50) : "–"}</td>
      ${costs && html`<td class="number">${one.cost_usd === null ? t("decision.unknown") : money(one.cost_usd)}</td>`}
      <td class="number">${one.quality ? count(one.quality.n) : 0}</td></tr>`)}</tbody></table></div>
    <p class="small"><a href=${href(project, "compare")}>${t("decision.to_compare")}</a></p></section>`;
}

function RunnerUp({ data }) {
  const { pair, runner_up: name } = data;
  const most = Math.max(Math.abs(pair.low_simultaneous), Math.abs(pair.high_simultaneous), data.decision.smallest_gap_that_matters) * 1.1;
  const said = t("decision.ahead", { difference: points(pair.difference), low: points(pair.low_simultaneous), high: points(pair.high_simultaneous) });
  return html`<section class="runner-up"><h2>${t("decision.runner_up")}</h2><p><bdi><strong>${name}</strong></bdi> <span class="muted">${said}</span></p>
    <div class="difference"><${Interval} value=${pair.difference} low=${pair.low_simultaneous} high=${pair.high_simultaneous} from=${-most} to=${most} accent label=${said} />
      <span class="small muted">${t("decision.zero_in_the_middle")}</span></div></section>`;
}

const VALUE = { max_time_to_first_token_ms: ms, min_decode_tokens_per_second: rate, max_usd_per_1000_rows: money };

function Limits({ limits, choice }) {
  const mark = { true: ["good", "kept"], false: ["bad", "broken"], null: ["warn", "unknown"] };
  return html`<section><h2>${t("decision.limits")}</h2><div class="table-wrap" tabindex="0" role="group" aria-label=${t("decision.limits")}><table>
    <thead><tr><th>${t("decision.column.candidate")}</th>${limits.map((one) => html`<th key=${one.limit}>${t(`decision.limit.${one.limit}`, { value: VALUE[one.limit](one.value) })}</th>`)}</tr></thead>
    <tbody>${limits[0].models.map((one, i) => html`<tr key=${one.model} class=${one.model === choice ? "chosen" : ""}><th scope="row"><bdi>${one.model}</bdi></th>
      ${limits.map((limit) => { const { kept, value } = limit.models[i]; const [kind, word] = mark[String(kept)];
        return html`<td key=${limit.limit}>${value === null ? "–" : VALUE[limit.limit](value)} <${Badge} kind=${kind}>${t(`decision.limit_is.${word}`)}<//></td>`; })}</tr>`)}</tbody></table></div></section>`;
}
