// Results by the value of a data column, or by its length: does the best one win everywhere?

import { html, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { count, percent, t } from "../../lib/words.js";
import { Interval, Loading, Notice, Problem, Select } from "../../parts/basic.js";
import { Name, padded, quality, range } from "./numbers.js";
import { WhenSeen } from "./section.js";

const LENGTH = "length:";

export function Slices(props) {
  return html`<${WhenSeen} class="compare-tall"><${By} ...${props} /><//>`;
}

function By({ data, project }) {
  const options = [
    ...data.columns.map((one) => [one, one]),
    ...data.columns.map((one) => [LENGTH + one, t("compare.length_of", { column: one })]),
  ];
  const [by, set] = useState(data.slice_by);
  const { data: found, error, loading } = useFetch(of(project, "compare", "slices") + query({ by, turn: data.cells - data.missing }));
  return html`<div class="compare-one"><${Select} label=${t("compare.slice_by")} hint=${t("compare.slice_hint")} value=${by} options=${options} onChange=${set} /></div>
    ${error ? html`<${Problem} error=${error} />` : !found || loading && found.name !== by ? html`<${Loading} />` : html`<${Table} found=${found} data=${data} />`}`;
}

function Table({ found, data }) {
  const known = found.slices.flatMap((one) => one.qualities.map(([, value]) => value)).filter(Boolean);
  const [from, to] = padded(known.length ? known : [{ low: 0, high: 1 }]);
  const models = data.models.map((one) => one.model);
  return html`
    ${found.told.map((one) => html`<${Notice} kind="warn">${one}<//>`)}
    ${found.slices.length > 0 && html`<div class="table-wrap" tabindex="0" role="group" aria-label=${t("compare.part.slices")}><table class="compare-table compare-slices-table">
      <thead><tr><th scope="col"><bdi>${found.name}</bdi></th><th scope="col" class="number">${t("compare.rows")}</th>
        ${models.map((one) => html`<th scope="col"><${Name} data=${data} model=${one} /></th>`)}</tr></thead>
      <tbody>${found.slices.map((slice) => html`<tr key=${slice.label}><th scope="row"><bdi>${slice.label}</bdi></th><td class="number">${count(slice.n)}</td>
        ${models.map((model) => {
          const value = slice.qualities.find(([name]) => name === model)?.[1];
          return html`<td>${value ? html`<strong>${percent(value.value)}</strong> <span class="muted small">${range(value.low, value.high)}</span>
            <${Interval} ...${value} from=${from} to=${to} accent=${model === data.decision.choice} label=${quality(value)} />` : "–"}</td>`;
        })}</tr>`)}</tbody></table></div>`}
    ${found.slices.length > 0 && !found.told.length && html`<p>${t("compare.slices_same")}</p>`}
    ${found.notes.map((one) => html`<p class="hint">${one}</p>`)}`;
}
