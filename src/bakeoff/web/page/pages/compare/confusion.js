// Which labels are taken for which: a matrix per model, its numbers as text, its shading only help. A field opens its rows.

import { html, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { count, t } from "../../lib/words.js";
import { Button, Select } from "../../parts/basic.js";
import { Rows } from "./rows.js";

const MOST_LABELS = 12;
const MOST_CONFUSIONS = 12;
const SHADES = 8;

/** Labels in the order of the targets, then what was answered beside them; no label at all is last. */
function labelsOf(confusion) {
  const targets = Object.keys(confusion);
  const answered = new Set(targets.flatMap((target) => Object.keys(confusion[target])));
  const extra = [...answered].filter((one) => !targets.includes(one)).sort((a, b) => (a === "") - (b === "") || (a < b ? -1 : 1));
  return { targets, columns: [...targets, ...extra] };
}

export function Confusion({ data, project }) {
  const models = data.models.map((one) => one.model).filter((name) => Object.keys(confusionOf(data, name)).length);
  const [model, set] = useState(null);
  const [open, look] = useState(null);
  const shown = models.includes(model) ? model : models[0];
  const options = models.map((name) => [name, `${data.models.find((one) => one.model === name).key} · ${name}`]);
  const choose = (name) => { set(name); look(null); };
  const { targets, columns } = labelsOf(confusionOf(data, shown));
  const picked = { model: shown, open, look, confusion: confusionOf(data, shown) };
  return html`
    ${models.length > 1 && html`<div class="compare-one"><${Select} label=${t("compare.model")} value=${shown} options=${options} onChange=${choose} /></div>`}
    ${columns.length > MOST_LABELS ? html`<${Frequent} ...${picked} />` : html`<${Matrix} ...${picked} targets=${targets} columns=${columns} />`}
    ${open && html`<div class="compare-opened"><div class="row"><h3>${t("compare.confused_rows", { target: open.target, answered: name(open.answered) })}</h3>
      <${Button} small onClick=${() => look(null)}>${t("app.close")}<//></div>
      <${Rows} path=${of(project, "compare", "confused") + query({ candidate: shown, ...open })} turn=${data.cells - data.missing} models=${[shown]} data=${data} project=${project} /></div>`}`;
}

const confusionOf = (data, model) => data.decision.models.find((one) => one.model === model)?.confusion ?? {};
const name = (label) => label || t("compare.no_label");

function Matrix({ confusion, targets, columns, open, look }) {
  return html`<p class="muted compare-note">${t("compare.confusion_hint")}</p>
    <div class="table-wrap" tabindex="0" role="group" aria-label=${t("compare.part.confusion")}><table class="compare-matrix">
    <thead><tr><th scope="col">${t("compare.target_answer")}</th>${columns.map((one) => html`<th scope="col"><bdi>${name(one)}</bdi></th>`)}</tr></thead>
    <tbody>${targets.map((target) => {
      const total = Object.values(confusion[target]).reduce((sum, n) => sum + n, 0) || 1;
      return html`<tr key=${target}><th scope="row"><bdi>${name(target)}</bdi></th>${columns.map((answered) => {
        const n = confusion[target][answered] ?? 0;
        const shade = n ? Math.max(1, Math.round((SHADES * n) / total)) : 0;
        const chosen = open?.target === target && open?.answered === answered;
        return html`<td class=${`compare-field shade-${shade} ${target === answered ? "hit" : ""}`}>${n === 0 ? html`<span>0</span>`
          : html`<button type="button" aria-pressed=${chosen} aria-label=${t("compare.field", { n, target: name(target), answered: name(answered) })}
              onClick=${() => look({ target, answered })}>${count(n)}</button>`}</td>`;
      })}</tr>`;
    })}</tbody></table></div>`;
}

function Frequent({ confusion, open, look }) {
  const wrong = Object.entries(confusion).flatMap(([target, row]) => Object.entries(row)
    .filter(([answered, n]) => n && answered !== target).map(([answered, n]) => ({ target, answered, n })))
    .sort((a, b) => b.n - a.n).slice(0, MOST_CONFUSIONS);
  return html`<table class="compare-table compare-narrow"><caption>${t("compare.frequent")}</caption>
    <thead><tr><th scope="col">${t("compare.target")}</th><th scope="col">${t("compare.answered")}</th><th scope="col" class="number">${t("compare.rows")}</th></tr></thead>
    <tbody>${wrong.map((one) => html`<tr><td><bdi>${name(one.target)}</bdi></td><td><bdi>${name(one.answered)}</bdi></td>
      <td class="number"><${Button} small kind="quiet" aria-pressed=${open?.target === one.target && open?.answered === one.answered}
        aria-label=${t("compare.field", { n: one.n, target: name(one.target), answered: name(one.answered) })}
        onClick=${() => look({ target: one.target, answered: one.answered })}>${count(one.n)}<//></td></tr>`)}</tbody></table>`;
}
