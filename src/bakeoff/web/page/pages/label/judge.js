// The judge: whether to believe it, in sentences first; what it found; asking it; and its set-up.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { of } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { href } from "../../lib/route.js";
import { decimal, percent, points, t } from "../../lib/words.js";
import { Badge, Button, Loading, Notice, Problem, Term } from "../../parts/basic.js";
import { useJob } from "../../parts/job.js";
import { AskJudge } from "./ask_judge.js";
import { SetUp } from "./set_up.js";
import { Table } from "./table.js";

export function Judge({ project }) {
  const { data, error, reload } = useFetch(of(project, "judge"));
  const [editing, edit] = useState(false);
  const job = useJob(project);
  const running = job.state === "running";
  useEffect(() => { if (!running) reload(); }, [running]);
  if (error && !data) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!data) return html`<${Loading} />`;
  const saved = () => { edit(false); reload(); };
  if (!data.settings) return html`<h1>${t("label.judge.none")}</h1><p class="lead ab-lead">${t("label.judge.none_hint", { n: data.bar.labels })}</p>
    <${SetUp} project=${project} data=${data} onSaved=${saved} />`;
  return html`
    ${data.error && html`<h1>${t("label.tab.judge")}</h1><${Problem} error=${data.error} />`}
    ${data.result && html`<${Found} data=${data} project=${project} />`}
    ${data.quote && html`<${AskJudge} project=${project} data=${data} job=${job} />`}
    <section class="ab-set-up"><div class="row ab-between"><h2>${t("label.judge.set_up")}</h2>
      ${!editing && html`<${Button} onClick=${() => edit(true)}>${t("label.judge.change")}<//>`}</div>
      ${editing ? html`<${SetUp} project=${project} data=${data} onSaved=${saved} onCancel=${() => edit(false)} />` : html`<${AsSet} settings=${data.settings} form=${data.form} />`}</section>`;
}

const KIND = { trusted: "good", "not trusted": "bad", "not calibrated": "warn" };

function Found({ data, project }) {
  const { result, told, by_model, caveats } = data;
  const [first, ...rest] = told;
  if (!data.asked) return html`<h1>${t("label.judge.not_asked")}</h1><p class="lead ab-lead">${t("label.judge.not_asked_hint")}</p>
    ${caveats.map((one) => html`<${Notice}>${one}<//>`)}`;
  return html`<p><${Badge} kind=${KIND[result.state]}>${t(`label.judge.state.${result.state.replace(" ", "_")}`)}<//></p>
    <h1>${first}</h1>
    ${result.state === "not calibrated" && html`<p class="ab-lead"><a class="button primary" href=${href(project, "label", { query: { kind: result.form === "rubric" ? "point" : "pair" } })}>${t("label.judge.go_label")}</a></p>`}
    <${Facts} result=${result} />
    <div class="ab-told">${rest.map((one) => html`<p>${one}</p>`)}</div>
    ${caveats.map((one) => html`<${Notice}>${one}<//>`)}
    <details class="ab-models"><summary>${t("label.judge.by_model")}</summary>
      <${Table} title=${t(result.form === "rubric" ? "label.judge.scores" : "label.from_pairs")} standings=${result.candidates} />
      <div class="ab-told">${by_model.map((one) => html`<p>${one}</p>`)}</div></details>`;
}

/** The numbers of the check against people; none where there is nothing to say. */
function Facts({ result }) {
  const { agreement, detection, n_labels } = result.calibration;
  const share = (one) => one && [percent(one.value), `${points(one.low)}–${points(one.high)}`];
  const number = (one) => one && [decimal(one.value), `${decimal(one.low)} – ${decimal(one.high)}`];
  const facts = [
    ["agreement", agreement && share(agreement.raw)],
    ["kappa", agreement && number(agreement.kappa)],
    ["ac1", agreement && number(agreement.ac1)],
    ["sensitivity", detection && share(detection.sensitivity)],
    ["specificity", detection && share(detection.specificity)],
    ["flips", share(result.habits.flips)],
  ].filter(([, found]) => found);
  if (!facts.length) return null;
  return html`<dl class="facts"><div><dt>${t("label.judge.labels")}</dt><dd>${n_labels}<span class="small">${t("label.judge.of_needed", { n: result.bar.labels })}</span></dd></div>
    ${facts.map(([name, [value, range]]) => html`<div><dt><${Term} says=${t(`label.judge.says.${name}`)}>${t(`label.judge.fact.${name}`)}<//></dt><dd>${value}<span class="small">${range}</span></dd></div>`)}</dl>`;
}

function AsSet({ settings, form }) {
  const criteria = settings.criteria ?? [];
  return html`<dl class="ab-values">
    <div><dt>${t("label.judge.models")}</dt><dd>${settings.models.map((one) => html`<div><bdi>${one.model}</bdi> <span class="muted">${(one.via ?? "embedded") === "embedded" ? `· ${t("label.judge.here")}` : html`${t("label.judge.through")} <bdi>${one.via}</bdi>`}</span></div>`)}</dd></div>
    <div><dt>${t("label.judge.form")}</dt><dd>${t(form === "rubric" ? "label.judge.rubric" : "label.judge.pairwise")}</dd></div>
    ${settings.rows && html`<div><dt>${t("label.judge.rows")}</dt><dd>${settings.rows}</dd></div>`}
    ${criteria.length > 0 && html`<div><dt>${t("label.judge.criteria")}</dt><dd>${criteria.map((one) => html`<div><strong><bdi>${one.name}</bdi></strong> <span dir="auto">${one.description ?? ""}</span></div>`)}</dd></div>`}
    ${settings.reference && html`<div><dt>${t("label.judge.reference")}</dt><dd><code>${settings.reference}</code></dd></div>`}
  </dl>`;
}
