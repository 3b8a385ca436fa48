// What is known of a model, group by group: the fact, then where it comes from and of which day.

import { html } from "../../vendor/preact.js";
import { href, read } from "../../lib/route.js";
import { count, day, list, t } from "../../lib/words.js";
import { Badge, Notice } from "../../parts/basic.js";
import { languageName } from "../needs/languages.js";
import { taskName } from "./filters.js";
import { billions } from "./memory.js";

const FIVE = ["weights", "training_data", "evaluation_code", "fine_tuning_code", "training_metrics"];

export function Facts({ model, project }) {
  const to = (id) => (id.includes("/") ? href(project, "models", { rest: id.split("/"), query: read().query }) : null);
  const parents = model.lineage.map((one) => html`<li>${one.relation} ${model.known_parents.includes(one.model)
    ? html`<a href=${to(one.model)}><bdi>${one.model}</bdi></a>` : html`<bdi>${one.model}</bdi>`}${one.source && html` <span class="muted small">(${one.source})</span>`}</li>`);
  const made = model.made_from_it.map((one) => html`<li><a href=${to(one.model)}><bdi>${one.model}</bdi></a> <span class="muted">${one.relation}</span></li>`);
  return html`<section class="detail-facts"><h3>${t("models.known")}</h3>
    ${model.unverified && html`<${Notice} kind="warn">${t("models.unverified_long")}<//>`}
    ${model.flags.map((flag) => html`<${Notice} kind="warn">${flag}<//>`)}
    <dl class="known">
      <${Line} model=${model} group="release" name="released">${model.released ? html`${model.released.approximate ? "~ " : ""}${day(model.released.date)}` : null}<//>
      <${Line} model=${model} group="parameters" name="parameters">${model.parameters.total ? html`${count(model.parameters.total)} (${billions(model.parameters.total)})${
        model.parameters.active && model.parameters.active < 0.9 * model.parameters.total ? html`; ${t("models.active_of", { n: billions(model.parameters.active) })}` : ""}` : null}<//>
      <${Line} model=${model} group="context" name="context">${model.context_tokens ? html`${t("models.tokens", { n: model.context_tokens })}${model.context_tokens_extended
        ? html`; ${t("models.extended", { n: model.context_tokens_extended })}` : ""}` : null}<//>
      <${Line} model=${model} group="architecture" name="architecture">${model.architecture
        ? `${model.architecture.name}, ${model.architecture.layers}` : model.no_architecture_text}<//>
      <${Line} model=${model} group="licence" name="licence">${model.license && html`<a href=${model.license.url} target="_blank" rel="noreferrer noopener">${model.license.name} ↗</a>;
        ${" "}${t(`models.use.${model.license.commercial_use}`)}${model.gated ? html`; ${t("models.gated")}` : ""}
        ${model.license.clauses.length > 0 && html`<ul>${model.license.clauses.map((one) => html`<li lang="en">${one}</li>`)}</ul>`}`}<//>
      <${Line} model=${model} group="openness" name="openness">${model.openness && html`<span class="five">${FIVE.map((one) => html`<${Badge} key=${one}
        kind=${{ full: "good", partial: "warn" }[model.openness[one]] ?? "quiet"}>${t(`models.five.${one}`)}: ${t(`models.extent.${model.openness[one]}`)}<//>`)}</span>
        ${model.openness.note && html`<span class="small muted block" lang="en">${model.openness.note}</span>`}
        ${model.openness.paper && html`<span class="small muted block">${model.openness.paper}</span>`}`}<//>
      <${Line} model=${model} group="languages" name="languages">${model.languages.length ? list(model.languages.map(languageName)) : null}
        ${model.vietnamese && html`<span class="small muted block">${t(`models.vi.${model.vietnamese}`)}</span>`}<//>
      <${Line} model=${model} group="abilities" name="tasks">${[...model.tasks.map(taskName), ...model.inputs.filter((one) => one !== "text").map((one) => t(`models.modality.${one}`))].join(", ") || null}<//>
      <${Line} model=${model} group="lineage" name="lineage">${parents.length ? html`<ul>${parents}</ul>` : null}<//>
      <${Line} model=${model} name="made">${made.length ? html`<ul>${made}</ul>` : null}<//>
      <${Line} model=${model} group="builds" name="files">${model.gguf_repositories.length ? model.gguf_repositories.map((one) => html`<a class="block"
        href=${`https://huggingface.co/${one}`} target="_blank" rel="noreferrer noopener"><bdi>${one}</bdi> ↗</a>`) : null}<//>
      <${Line} model=${model} name="providers">${model.providers.length ? list(model.providers) : null}<//>
    </dl></section>`;
}

/** A fact; what is not known is left out. */
function Line({ model, group, name, children }) {
  const parts = [children].flat().filter((one) => one !== null && one !== undefined && one !== false && one !== "");
  if (parts.length === 0) return null;
  const from = group && model.sources[group];
  return html`<div><dt>${t(`models.line.${name}`)}</dt><dd>${children}
    ${from && html`<span class="small muted block source">${from.recalled ? t("models.recalled", { day: day(from.as_of) })
      : t("models.source_of", { source: from.from.slice(0, 3).join(", "), day: day(from.as_of) })}${from.yours ? ` · ${t("models.yours")}` : ""}</span>`}</dd></div>`;
}
