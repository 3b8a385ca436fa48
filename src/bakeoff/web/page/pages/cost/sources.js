// Every number that a way is counted with: usual value, range, how it was learnt, and the date of it.

import { html, useState } from "../../vendor/preact.js";
import { decimal, t } from "../../lib/words.js";
import { Select } from "../../parts/basic.js";
import { wayOf } from "./ways.js";

const number = (n) => decimal(n, Math.abs(n) >= 100 ? 0 : Math.abs(n) >= 0.1 ? 2 : 7);

export function Sources({ data }) {
  const [key, setKey] = useState(null);
  const option = data.options.find((one) => one.key === key) ?? data.options[0];
  if (!option) return null;
  return html`<section><details class="sources"><summary><h2>${t("cost.sources")}</h2></summary>
    <div class="pick"><${Select} label=${t("cost.of_way")} value=${option.key} onChange=${setKey}
      options=${data.options.map((one) => [one.key, `${one.model}: ${wayOf(one)}`])} /></div>
    <div class="table-wrap" tabindex="0" role="group" aria-label=${t("cost.sources")}><table><thead><tr><th>${t("cost.column.thing")}</th><th class="number">${t("cost.column.usual")}</th>
        <th>${t("cost.column.range")}</th><th>${t("cost.column.how")}</th><th>${t("cost.column.source")}</th><th>${t("cost.column.date")}</th></tr></thead>
      <tbody>${option.assumptions.map((one) => html`<tr key=${one.name}><th scope="row">${t(`cost.parameter.${one.name.split(":")[0]}`)}</th>
        <td class="number">${number(one.estimate.value)}</td>
        <td class="small muted">${one.estimate.low === one.estimate.high ? "–" : `${number(one.estimate.low)} – ${number(one.estimate.high)}`}</td>
        <td class="small">${t(`cost.learnt.${one.estimate.source.replace(" ", "_")}`)}</td>
        <td class="small muted">${one.estimate.detail === "as given" ? t("cost.as_given") : one.estimate.detail}</td>
        <td class="small muted">${one.estimate.as_of ?? "–"}</td></tr>`)}</tbody></table></div>
    ${option.capacity && option.capacity.command && html`<h3>${t("cost.command")}</h3><pre tabindex="0">${option.capacity.command}</pre>`}
  </details></section>`;
}
