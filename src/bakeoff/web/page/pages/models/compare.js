// Up to five models side by side: what each is, takes and does on the machine, and the results that they share.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { get, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { href, requery } from "../../lib/route.js";
import { bytes, count, day, t } from "../../lib/words.js";
import { Badge, Button, Loading, Problem } from "../../parts/basic.js";
import { AddButton, ToSheet, useAdding } from "./add.js";
import { score } from "./evidence.js";
import { taskName } from "./filters.js";
import { useFits } from "./fits.js";
import { billions, Legend, loss, Memory, seconds, Speed, Verdict, waiting } from "./memory.js";
import { MachineBar } from "./setting.js";

/** Each row of the table: its name and what it shows of a model and its plan. */
const ROWS = {
  verdict: (model, plan) => plan?.memory && html`<${Verdict} plan=${plan} />`,
  memory: (model, plan) => (plan?.memory ? html`<${Memory} plan=${plan} /><span class="small muted">${plan.build} · ${plan.where}</span>` : plan?.why?.text),
  speed: (model, plan) => plan?.runs && html`<${Speed} estimate=${plan.speed.decode_tokens_per_second} />`,
  first: (model, plan) => plan?.runs && waiting(plan.speed.time_to_first_token_ms),
  answer: (model, plan) => plan?.runs && seconds(plan.speed.request_seconds),
  largest: (model, plan) => plan?.runs && plan.max_context_tokens && count(plan.max_context_tokens),
  loss: (model, plan) => plan?.memory && loss(plan.quality_loss),
  file: (model, plan) => plan?.file_bytes && bytes(plan.file_bytes.value),
  parameters: (model) => (model.active_parameters && model.active_parameters < 0.9 * model.parameters.total
    ? t("models.of_active", { total: billions(model.parameters.total), active: billions(model.active_parameters) }) : billions(model.parameters.total)),
  released: (model) => model.released && day(model.released.date),
  context: (model) => model.context_tokens && count(model.context_tokens),
  licence: (model) => model.license && html`${model.license.name}<span class="small muted block">${t(`models.use.${model.license.commercial_use}`)}</span>`,
  openness: (model) => model.openness && t(`models.openness.${model.openness.level}`),
  languages: (model) => model.languages.length > 0 && t("models.n_languages", { n: model.languages.length }),
  vietnamese: (model) => (model.vietnamese ? t(`models.vi.${model.vietnamese}`) : t("models.vi.unknown")),
  inputs: (model) => model.inputs.map((one) => t(`models.modality.${one}`)).join(", "),
  tasks: (model) => model.tasks.map(taskName).join(", "),
};

export function Compare({ project, route, setting, names }) {
  const { models, error } = useModels(names.join(","));
  const hardware = useFetch(`api/hardware${query({ machine: setting.machine })}`);
  const fits = useFits(models && !hardware.error ? models.ids : NONE, setting);
  const adding = useAdding(project);
  const { with: chosen, ...rest } = route.query;
  const back = html`<a href=${href(project, "models", { query: { ...rest, with: chosen } })}>${t("models.compare.back")}</a>`;
  if (error) return html`<p class="small">${back}</p><${Problem} error=${error} />`;
  if (!models) return html`<${Loading} />`;
  const without = (id) => requery({ with: models.ids.filter((one) => one !== id).join(",") });
  return html`<div class="head"><div><p class="small">${back}</p><h1>${t("models.compare.title", { n: models.found.length })}</h1></div></div>
    <${MachineBar} setting=${setting} machine=${hardware.data?.machine} error=${hardware.error} set=${requery} />
    <${Legend} /><${Problem} error=${adding.error} /><${ToSheet} project=${project} adding=${adding} />
    <div class="table-wrap" tabindex="0" role="region" aria-label=${t("models.compare.name")}><table class="side-by-side"><thead><tr><td></td>${models.found.map((model) => html`<th scope="col" key=${model.id}>
        <a href=${href(project, "models", { rest: model.id.split("/"), query: rest })}><bdi>${model.name}</bdi></a>
        <span class="small muted block"><bdi>${model.organisation}</bdi></span>
        <span class="row"><${AddButton} plan=${fits.plans.get(model.id)} adding=${adding} />
          ${models.found.length > 2 && html`<${Button} small kind="quiet" aria-label=${t("models.compare.leave_out", { name: model.name })} onClick=${() => without(model.id)}>×<//>`}</span></th>`)}</tr></thead>
      <tbody>${Object.entries(ROWS).map(([name, show]) => html`<tr key=${name}><th scope="row">${t(`models.compare.row.${name}`)}</th>
        ${models.found.map((model) => html`<td key=${model.id} class=${fits.fresh(model.id) ? "" : "stale"}>${show(model, fits.plans.get(model.id)) || html`<span class="muted">–</span>`}</td>`)}</tr>`)}
        <tr class="group"><th scope="colgroup" colspan=${models.found.length + 1}>${t("models.evidence")}</th></tr>
        ${shared(models.found).map((one) => html`<tr key=${one.key}><th scope="row">${one.name}<span class="small muted block">${one.source}</span></th>
          ${one.rows.map((row) => html`<td>${row ? html`${score(row)} ${row.self_reported && html`<${Badge} kind="warn">${t("models.self_reported")}<//>`}
            <span class="small muted block">${day(row.date)}</span>` : html`<span class="muted">–</span>`}</td>`)}</tr>`)}
        ${shared(models.found).length === 0 && html`<tr><td colspan=${models.found.length + 1} class="muted">${t("models.compare.no_shared")}</td></tr>`}
      </tbody></table></div>`;
}

const NONE = [];

function useModels(joined) {
  const [state, set] = useState({ models: null, error: null });
  useEffect(() => {
    const stop = new AbortController();
    const paths = joined.split(",").map((id) => id.split("/").map(encodeURIComponent).join("/"));
    Promise.all(paths.map((path) => get(`api/catalog/${path}`, { signal: stop.signal }))).then(
      (answers) => { const found = answers.map((one) => one.model); set({ models: { found, ids: found.map((one) => one.id) }, error: null }); },
      (error) => { if (error.name !== "AbortError") set({ models: null, error }); });
    return () => stop.abort();
  }, [joined]);
  return state;
}

/** Results that at least two of the models have of the same benchmark, settings and source: only those compare. */
function shared(models) {
  const found = new Map();
  models.forEach((model, at) => model.evidence.forEach((row) => {
    const key = [row.benchmark, row.metric, row.settings, row.language, row.source].join("\u0000");
    if (!found.has(key)) found.set(key, { key, name: [row.benchmark, row.metric, row.language].filter(Boolean).join(", "), source: row.source, rows: models.map(() => null) });
    found.get(key).rows[at] = row;
  }));
  return [...found.values()].filter((one) => one.rows.filter(Boolean).length > 1);
}
