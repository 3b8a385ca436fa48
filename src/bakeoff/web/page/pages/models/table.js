// The list: each model with its memory, speed, largest context and verdict on the machine that is chosen.

import { html } from "../../vendor/preact.js";
import { href } from "../../lib/route.js";
import { count, day, t } from "../../lib/words.js";
import { Badge } from "../../parts/basic.js";
import { billions, Memory, Speed, Verdict } from "./memory.js";

export function Table({ project, route, models, fits, picked, full, pick, stale }) {
  return html`<table class=${stale ? "models waiting" : "models"} role="table">
    <caption class="hidden">${t("models.caption")}</caption>
    <thead role="rowgroup"><tr role="row">
      <th role="columnheader" scope="col">${t("models.column.model")}</th>
      <th role="columnheader" scope="col" class="wide">${t("models.column.memory")}</th>
      <th role="columnheader" scope="col">${t("models.column.speed")}</th>
      <th role="columnheader" scope="col" class="number">${t("models.column.context")}</th>
      <th role="columnheader" scope="col">${t("models.column.verdict")}</th>
    </tr></thead>
    <tbody role="rowgroup">${models.map((model) => html`<${Row} key=${model.id} model=${model} plan=${fits.plans.get(model.id)}
      fresh=${fits.fresh(model.id)} checked=${picked.includes(model.id)} full=${full} pick=${pick} to=${href(project, "models", { rest: model.id.split("/"), query: route.query })} />`)}</tbody>
  </table>`;
}

/** `Qwen · 8.2B · Apr 29, 2025 · Apache License 2.0` */
const facts = (model) => [model.organisation, sizes(model), model.released && day(model.released), model.license_name];
const sizes = (model) => (model.active_parameters && model.active_parameters < 0.9 * model.parameters
  ? t("models.of_active", { total: billions(model.parameters), active: billions(model.active_parameters) }) : billions(model.parameters));

function Row({ model, plan, fresh, checked, full, pick, to }) {
  return html`<tr role="row" data-model=${model.id} class=${fresh ? "" : "stale"}>
    <th role="rowheader" scope="row"><div class="name"><input type="checkbox" checked=${checked} disabled=${full && !checked} aria-label=${t("models.pick", { name: model.name })}
        onChange=${(event) => pick(model.id, event.target.checked)} />
      <div><a href=${to}><bdi>${model.name}</bdi></a>
        <p class="small muted">${facts(model).filter(Boolean).join(" · ")}</p>
        ${(model.openness !== "weights" || model.vietnamese === "stated" || model.inputs.length > 1 || model.unverified || model.yours) && html`<p class="marks">
          ${model.openness && model.openness !== "weights" && html`<${Badge}>${t(`models.openness.${model.openness}`)}<//>`}
          ${model.inputs.filter((one) => one !== "text").map((one) => html`<${Badge} key=${one}>${t(`models.modality.${one}`)}<//>`)}
          ${model.vietnamese === "stated" && html`<${Badge}>${t("models.vietnamese")}<//>`}
          ${model.yours && html`<${Badge}>${t("models.yours")}<//>`}
          ${model.unverified && html`<${Badge} kind="warn">${t("models.unverified")}<//>`}</p>`}</div></div></th>
    ${!plan && html`<td role="cell" class="cell-memory"><span class="bar empty-bar"></span></td><td role="cell"></td><td role="cell" class="number"></td><td role="cell"></td>`}
    ${plan && !plan.memory && html`<td role="cell" class="cell-memory muted small" colspan="4">${plan.why?.text}</td>`}
    ${plan?.memory && html`
      <td role="cell" class="cell-memory"><${Memory} plan=${plan} /><p class="small muted">${plan.build.replace(/^gguf:/, "")} · ${plan.where}</p></td>
      <td role="cell" class="cell-speed">${plan.runs ? html`<${Speed} estimate=${plan.speed.decode_tokens_per_second} />` : html`<span class="muted">–</span>`}</td>
      <td role="cell" class="number cell-context">${plan.runs && plan.max_context_tokens ? count(plan.max_context_tokens) : "–"}</td>
      <td role="cell" class="cell-verdict"><${Verdict} plan=${plan} /></td>`}
  </tr>`;
}
