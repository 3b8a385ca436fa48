// One model in full: how it runs on the machine, build by build, and everything that is known of it, with its sources.

import { html } from "../../vendor/preact.js";
import { query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { requery } from "../../lib/route.js";
import { bytes, count, t } from "../../lib/words.js";
import { Dialog, Loading, Notice, Problem } from "../../parts/basic.js";
import { AddButton, ToSheet, useAdding } from "./add.js";
import { Evidence } from "./evidence.js";
import { Facts } from "./facts.js";
import { between, Legend, loss, Memory, seconds, source, Speed, Verdict, waiting } from "./memory.js";
import { Sliders } from "./setting.js";

export function Detail({ name, project, setting, close }) {
  const path = name.split("/").map(encodeURIComponent).join("/");
  const known = useFetch(`api/catalog/${path}`);
  const model = known.data?.model;
  const fit = useFetch(model?.architecture ? `api/fit/${path}${query(setting)}` : null, { wait: 15 });
  const adding = useAdding(project);
  return html`<${Dialog} title=${html`<bdi>${model?.name ?? name}</bdi>`} onClose=${close} wide>
    ${known.error && html`<${Problem} error=${known.error} />`}
    ${!model && !known.error && html`<${Loading} />`}
    ${model && html`
      <p class="muted"><bdi>${model.organisation}</bdi> · <a href=${hubAddress(model.id)} target="_blank" rel="noreferrer noopener">${model.id} ↗</a></p>
      <section class="detail-fit"><h3>${t("models.on_machine", { machine: setting.machine || t("models.this_machine") })}</h3>
        ${model.architecture ? html`<${Sliders} setting=${setting} set=${requery} />`
          : html`<${Notice} kind="warn" title=${t("models.cannot_plan")}>${model.no_architecture_text}<//>`}
        ${fit.error && html`<${Notice} kind="warn" title=${t("models.cannot_plan")}>${fit.error.message} ${fit.error.hint}<//>`}
        ${fit.data && html`<div class=${fit.loading ? "waiting" : ""}><${Fit} found=${fit.data} adding=${adding} setting=${setting} /></div>`}
        <${Problem} error=${adding.error} /><${ToSheet} project=${project} adding=${adding} /></section>
      <${Facts} model=${model} project=${project} />
      <${Evidence} rows=${model.evidence} />`}
  <//>`;
}

const hubAddress = (id) => `https://huggingface.co/${id.split("/").map(encodeURIComponent).join("/")}`;

function Fit({ found, adding, setting }) {
  const chosen = found.plans.find((one) => one.chosen);
  return html`
    ${chosen ? html`<div class="chosen">
      <p><${Verdict} plan=${chosen} /> ${t("models.take", { build: chosen.build, engine: chosen.engine, where: chosen.where })}</p>
      <${Memory} plan=${chosen} long /><${Legend} />
      <dl class="facts">
        <div><dt>${t("models.fact.decode")}</dt><dd><${Speed} estimate=${chosen.speed.decode_tokens_per_second} /></dd></div>
        ${Number(setting.users) > 1 && html`<div><dt>${t("models.fact.together", { n: chosen.conversations })}</dt><dd><${Speed} estimate=${chosen.speed.throughput_tokens_per_second} /></dd></div>`}
        <${Fact} name="first" estimate=${chosen.speed.time_to_first_token_ms} show=${waiting} />
        <${Fact} name="answer" estimate=${chosen.speed.request_seconds} show=${seconds} />
        <div><dt>${t("models.fact.context")}</dt><dd>${chosen.max_context_tokens ? count(chosen.max_context_tokens) : "–"}<span class="small">${t("models.tokens_of_context")}</span></dd></div>
        <div><dt>${t("models.fact.loss")}</dt><dd>${loss(chosen.quality_loss)}<span class="small">${t("models.points_of_100")}${chosen.quality_loss ? `, ${source(chosen.quality_loss)}` : ""}</span></dd></div>
        <${Fact} name="load" estimate=${chosen.load_seconds} show=${seconds} />
      </dl>
      ${chosen.reasons.length > 0 && html`<ul>${chosen.reasons.map((one) => html`<li>${one.text}</li>`)}</ul>`}
    </div>` : html`<${Notice} kind="warn">${t("models.nothing_runs")}<//>`}
    <h4>${t("models.builds")}</h4>
    <div class="table-wrap" tabindex="0" role="region" aria-label=${t("models.builds")}><table class="builds"><thead><tr><th scope="col">${t("models.column.build")}</th><th scope="col" class="number">${t("models.column.file")}</th>
      <th scope="col" class="wide">${t("models.column.memory")}</th><th scope="col">${t("models.column.speed")}</th>
      <th scope="col" class="number">${t("models.column.loss")}</th><th scope="col">${t("models.column.verdict")}</th><th><span class="hidden">${t("models.add")}</span></th></tr></thead>
      <tbody>${found.plans.map((plan) => html`<tr key=${`${plan.build} ${plan.engine}`} class=${plan.chosen ? "is-chosen" : ""}>
        <th scope="row">${plan.build}<span class="small muted block">${plan.engine}</span></th>
        <td class="number">${plan.file_bytes ? bytes(plan.file_bytes.value) : "–"}</td>
        <td><${Memory} plan=${plan} /></td>
        <td>${plan.runs ? html`<${Speed} estimate=${plan.speed.decode_tokens_per_second} />` : "–"}</td>
        <td class="number">${loss(plan.quality_loss)}</td><td><${Verdict} plan=${plan} /></td>
        <td><${AddButton} plan=${plan} adding=${adding} primary=${plan.chosen} /></td></tr>`)}</tbody></table></div>
    ${found.changes.length > 0 && html`<h4>${t("models.changes")}</h4><ul>${found.changes.map((one) => html`<li>${one.text}</li>`)}</ul>`}
    ${found.notes.length > 0 && html`<h4>${t("models.assumed")}</h4><ul>${found.notes.map((one) => html`<li>${one.text}</li>`)}</ul>`}
    ${chosen?.command && html`<h4>${t("models.command")}</h4><pre tabindex="0">${chosen.command}</pre>`}
    ${found.why.length > 0 && html`<details><summary>${t("models.sums")}</summary><ul class="small">${found.why.map((one) => html`<li>${one.text}</li>`)}</ul></details>`}`;
}

const Fact = ({ name, estimate, show }) => html`<div><dt>${t(`models.fact.${name}`)}</dt><dd>${show(estimate)}
  ${estimate && html`<span class="small">${between(estimate, (value) => show({ value }))}, ${source(estimate)}</span>`}</dd></div>`;
