// A new model against the present choice, in one click; and whether the old answers still come.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { get, of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { lang, t, time } from "../../lib/words.js";
import { Button, Input, Loading, Notice, Problem } from "../../parts/basic.js";
import { startJob, useJob } from "../../parts/job.js";

const ANSWERS = ["chat", "base", "translation"]; // not what embeds or ranks

export function Again({ project, onChange }) {
  const job = useJob(project);
  return html`<section class="again"><h2>${t("decision.again")}</h2>
    <div class="two"><${Challenger} project=${project} job=${job} onChange=${onChange} /><${Check} project=${project} job=${job} /></div></section>`;
}

function Challenger({ project, job, onChange }) {
  const [find, setFind] = useState("");
  const [problem, setProblem] = useState(null);
  const [added, setAdded] = useState(null);
  const words = find.trim();
  const found = useFetch(words.length > 1 ? "api/catalog" + query({ find: words, count: 20, everything: true }) : null, { wait: 150 });
  const models = (found.data?.models ?? []).filter((one) => ANSWERS.includes(one.kind)).slice(0, 6);
  const start = async (model) => {
    setProblem(null);
    try {
      const plan = (await get(`api/fit/${model.split("/").map(encodeURIComponent).join("/")}`)).plans.find((one) => one.chosen);
      if (!plan?.candidate) throw Object.assign(new Error(t("decision.runs_not", { model })), { hint: t("decision.runs_not_hint") });
      const { name, model: id, build, via } = plan.candidate;
      await startJob(project, "add", { name, model: id, build, via });
      setAdded(name);
      setFind("");
    } catch (error) { setProblem(error); }
  };
  const busy = job.state === "running";
  const last = job.verb === "add" ? added ?? job.options?.name : null; // also of a page that was loaded again meanwhile
  useEffect(() => { if (!busy && added) onChange(); }, [busy]);
  return html`<div><h3>${t("decision.challenger")}</h3><p class="muted">${t("decision.challenger_lead")}</p>
    <${Input} label=${t("decision.find_model")} type="search" value=${find} onInput=${setFind} placeholder="qwen3 4b" />
    <${Problem} error=${problem ?? found.error} />
    ${found.data && words.length > 1 && html`<ul class="found">${models.map((one) => html`<li key=${one.id}><div><strong><bdi>${one.id}</bdi></strong>
        <span class="small muted">${[one.parameters && t("decision.parameters", { n: one.parameters / 1e9 }), one.license_name].filter(Boolean).join(" · ")}</span></div>
        <${Button} small disabled=${busy} onClick=${() => start(one.id)}>${t("decision.challenge")}<//></li>`)}
      ${models.length === 0 && html`<li class="muted">${t("decision.no_model")}</li>`}</ul>`}
    ${last && busy && html`<${Loading} text=${t("decision.challenging", { model: last })} />`}
    ${last && !busy && (job.error ? html`<${Problem} error=${job.error} />` : html`<${Against} project=${project} candidate=${last} />`)}</div>`;
}

/** Champion and challenger. */
function Against({ project, candidate }) {
  const { data, error } = useFetch(of(project, "decision", "challenge") + query({ candidate }));
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return null;
  return html`<div class="against" role="status">${data.sentences.map((one, i) => html`<p key=${i}>${one.text}</p>`)}</div>`;
}

function Check({ project, job }) {
  const { data, error, reload } = useFetch(of(project, "decision", "check"));
  const [problem, setProblem] = useState(null);
  const running = job.state === "running";
  useEffect(() => { if (!running && job.verb === "check") reload(); }, [running]);
  const start = async () => {
    setProblem(null);
    try { await startJob(project, "check", { rows: 50 }); } catch (found) { setProblem(found); }
  };
  const check = data?.check;
  return html`<div><h3>${t("decision.check")}</h3><p class="muted">${t("decision.check_lead")}</p>
    <${Button} busy=${running && job.verb === "check"} disabled=${running} onClick=${start}>${t("decision.check_now")}<//>
    <${Problem} error=${problem ?? error ?? (job.verb === "check" && !running ? job.error : null)} />
    ${check && html`<${Notice} kind=${check.holds ? "good" : "warn"} title=${check.sentence[lang]}>
      <ul>${check.candidates.flatMap((one) => one.signs).map((one, i) => html`<li key=${i}>${one[lang]}</li>`)}</ul>
      <span class="small">${time(data.at)} · ${t("decision.checked_rows", { n: check.rows })}${data.of_this_lock ? "" : ` · ${t("decision.of_old_lock")}`}</span><//>`}</div>`;
}
