// How much a score changes when the same row is asked again.

import { html } from "../../vendor/preact.js";
import { count, percent, points, t } from "../../lib/words.js";
import { Name, ranked } from "./numbers.js";

export function Repeats({ data }) {
  const models = ranked(data).filter((one) => one.repeats);
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${t("compare.part.repeats")}><table class="compare-table compare-narrow">
    <caption>${t("compare.repeats_hint")}</caption>
    <thead><tr><th scope="col">${t("compare.model")}</th><th scope="col" class="number">${t("compare.rows")}</th><th scope="col" class="number">${t("compare.times_asked")}</th>
      <th scope="col" class="number">${t("compare.changed")}</th><th scope="col" class="number">${t("compare.within_sd")}</th></tr></thead>
    <tbody>${models.map((one) => html`<tr key=${one.model}><th scope="row"><${Name} data=${data} model=${one.model} /></th>
      <td class="number">${count(one.repeats.n)}</td><td class="number">${count(one.repeats.most)}</td>
      <td class="number">${percent(one.repeats.changed)}</td><td class="number">${points(one.repeats.within_sd)}</td></tr>`)}</tbody></table></div>`;
}
