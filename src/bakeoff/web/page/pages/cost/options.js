// Per token, rented and own side by side for each candidate; every way of each under them.

import { html, useState } from "../../vendor/preact.js";
import { count, percent, t } from "../../lib/words.js";
import { Badge, Interval } from "../../parts/basic.js";
import { KINDS, isKept, kindName, kindOf, whereOf } from "./ways.js";

export function Options({ data, money }) {
  const models = [...new Set([...data.options, ...data.unknown].map((one) => one.model))];
  const ends = data.options.flatMap((one) => [one.total_usd.low, one.total_usd.high]).filter((n) => n > 0).map(Math.log10);
  const scale = { from: Math.min(...ends) - 0.05, to: Math.max(...ends) + 0.05 };
  const cheapest = data.options.find(isKept)?.key;
  return html`${models.map((model) => html`<${Candidate} key=${model} model=${model} data=${data} money=${money} scale=${scale} cheapest=${cheapest} />`)}
    <p class="hint scale-hint">${t("cost.scale_hint")}</p>`;
}

function Candidate({ model, data, money, scale, cheapest }) {
  const [all, setAll] = useState(false);
  const own = data.options.filter((one) => one.model === model);
  const leaders = KINDS.map((kind) => own.find((one) => kindOf(one) === kind && isKept(one))).filter(Boolean);
  const shown = all ? own : leaders;
  const lost = KINDS.filter((kind) => !own.some((one) => kindOf(one) === kind));
  return html`<section class="candidate"><h2><bdi>${model}</bdi></h2>
    ${own.length === 0 ? html`<p class="muted">${t("cost.nothing_of")}</p>` : html`<div class="table-wrap" tabindex="0" role="group" aria-label=${model}><table class="ways fixed stack">
      <thead><tr><th>${t("cost.column.way")}</th><th>${t("cost.column.where")}</th><th class="number">${t("cost.column.machines")}</th>
        <th class="number">${t("cost.column.month")}</th><th>${t("cost.column.total", { years: data.years })}</th>
        <th class="number">${t("cost.column.paid")}</th></tr></thead>
      <tbody>${shown.map((one) => html`<tr key=${one.key}>
        <td class="across cost-way">${kindName(one.kind)} ${one.key === cheapest && html`<${Badge} kind="accent">${t("cost.cheapest_badge")}<//>`}
          ${!isKept(one) && html`<${Badge} kind="warn">${t("cost.interruptible_badge")}<//>`}</td>
        <td class="across">${whereOf(one)}${one.capacity && html`<span class="small muted build">${one.capacity.engine} · ${one.capacity.build}</span>`}</td>
        <td class="number" data-label=${t("cost.column.machines")}>${one.machines ? count(one.machines) : "–"}${one.busy_share !== null && html`<span class="small muted build">${t("cost.busy", { share: percent(one.busy_share, one.busy_share < 0.01 ? 2 : 0) })}</span>`}</td>
        <td class="number" data-label=${t("cost.column.month")}><strong>${money(one.monthly_usd)}</strong></td>
        <td class="across" data-label=${t("cost.column.total", { years: data.years })}><${Total} total=${one.total_usd} money=${money} scale=${scale} accent=${one.key === cheapest} /></td>
        <td class="number" data-label=${t("cost.column.paid")}>${money(one.horizons[0].paid_usd)}</td></tr>`)}</tbody></table></div>`}
    ${own.length > 0 && lost.length > 0 && html`<p class="small muted">${t("cost.not_counted", { kinds: lost.map(kindName).join(", ") })}</p>`}
    ${own.length > leaders.length && html`<button type="button" class="button quiet small-button" aria-expanded=${all} onClick=${() => setAll(!all)}>
      ${all ? t("cost.fewer") : t("cost.all_ways", { n: own.length })}</button>`}
  </section>`;
}

/** On a logarithmic scale, which is the same for all candidates. */
function Total({ total, money, scale, accent }) {
  const { value, low, high } = total;
  const exact = low === high;
  const said = exact ? money(value) : t("cost.between", { value: money(value), low: money(low), high: money(high) });
  const log = (n) => Math.log10(Math.max(n, 1e-6));
  return html`<span class="total"><strong>${money(value)}</strong>
    <${Interval} value=${log(value)} low=${log(low)} high=${log(high)} ...${scale} accent=${accent} label=${said} />
    <span class="small muted">${exact ? t("cost.no_range") : `${money(low)} – ${money(high)}`}</span></span>`;
}
