// What the decision rests on, as digests; whether that still holds; and the decisions that were made before.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { of, post, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { count, points, percent, t, time } from "../../lib/words.js";
import { Button, Notice, Problem, Select } from "../../parts/basic.js";

const short = (digest) => digest.slice(0, 12);

export function Lock({ project, stamp, onChange }) {
  const { data, error, reload } = useFetch(of(project, "decision", "lock"));
  const history = useFetch(of(project, "decision", "history"));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { if (data) reload(); }, [stamp]);
  if (error) return html`<section><h2>${t("decision.lock")}</h2><${Problem} error=${error} retry=${reload} /></section>`;
  if (!data) return null;
  const lock = async () => {
    setBusy(true);
    try { await post(of(project, "decision", "lock")); setProblem(null); reload(); history.reload(); onChange(); } catch (found) { setProblem(found); }
    setBusy(false);
  };
  return html`<section class="lock"><div class="row between"><h2>${t("decision.lock")}</h2>
      ${(!data.holds) && html`<${Button} busy=${busy} onClick=${lock}>${data.there ? t("decision.lock_again") : t("decision.lock_now")}<//>`}</div>
    <p class="muted">${t("decision.lock_lead")}</p>
    <${Problem} error=${problem} />
    ${data.error && html`<${Problem} error=${data.error} />`}
    ${data.holds === true && html`<${Notice} kind="good" title=${t("decision.holds")}>${t("decision.holds_hint")}<//>`}
    ${data.holds === false && html`<${Notice} kind="warn" title=${t("decision.holds_not")}><ul>${data.changes.map((one, i) => html`<li key=${i}>${one.text}</li>`)}</ul><//>`}
    ${data.lock && html`<${Locked} lock=${data.lock} digest=${data.digest} />`}
    ${history.data?.decisions.length > 0 && html`<${History} project=${project} decisions=${history.data.decisions} />`}
  </section>`;
}

function Locked({ lock, digest }) {
  const facts = [["decision", digest], ["data", lock.data], ["prompt", lock.prompt], ["graders", lock.graders], ["judge", lock.judge], ["labels", lock.labels], ["needs", lock.needs]];
  return html`<details><summary>${t("decision.locked")}</summary><dl class="digests">
    ${facts.filter(([, value]) => value).map(([name, value]) => html`<div key=${name}><dt>${t(`decision.locked_is.${name}`)}</dt><dd><code title=${value}>${short(value)}</code>
      ${name === "data" && html` <span class="muted small">${lock.data_file}, ${t("decision.n_rows", { n: lock.rows })}</span>`}</dd></div>`)}
    <div><dt>${t("decision.locked_is.facts")}</dt><dd>${lock.catalog} · ${lock.prices} · Bakeoff ${lock.bakeoff}</dd></div>
    ${Object.entries(lock.candidates).map(([name, one]) => html`<div key=${name}><dt><bdi>${name}</bdi></dt><dd><code title=${one.answers}>${short(one.answers)}</code>
      <span class="muted small">${one.build} ${t("decision.n_answers", { n: one.answered })}${one.sha256 ? ` · ${t("decision.model_file")} ` : ""}</span>${one.sha256 && html`<code title=${one.sha256}>${short(one.sha256)}</code>`}</dd></div>`)}
  </dl></details>`;
}

function History({ project, decisions }) {
  const numbers = decisions.map((one) => String(one.number));
  const [before, setBefore] = useState(numbers.at(-2) ?? numbers[0]);
  const [after, setAfter] = useState("");
  const path = of(project, "decision", "history", "changes") + query({ before, after });
  const { data, error } = useFetch(path);
  const options = decisions.map((one) => [String(one.number), `${one.number}: ${one.choice ?? "–"}`]);
  return html`<h3>${t("decision.history")}</h3><div class="table-wrap" tabindex="0" role="group" aria-label=${t("decision.history")}><table>
    <thead><tr><th class="number">${t("decision.column.number")}</th><th>${t("decision.column.time")}</th><th>${t("decision.column.choice")}</th><th>${t("decision.column.verdict")}</th>
      <th class="number">${t("decision.column.quality")}</th><th class="number">${t("decision.column.gap")}</th><th>${t("decision.column.lock")}</th></tr></thead>
    <tbody>${[...decisions].reverse().map((one) => html`<tr key=${one.number}><td class="number">${count(one.number)}</td><td>${time(one.at)}</td><td><bdi>${one.choice ?? "–"}</bdi></td>
      <td>${one.verdict_text}</td><td class="number">${one.quality ? percent(one.quality.value) : "–"}</td><td class="number">${points(one.smallest_gap_that_matters)}</td>
      <td><code title=${one.digest}>${short(one.digest)}</code></td></tr>`)}</tbody></table></div>
    <div class="pair"><${Select} label=${t("decision.before")} value=${before} options=${options} onChange=${setBefore} />
      <${Select} label=${t("decision.after")} value=${after} options=${[["", t("decision.now")], ...options]} onChange=${setAfter} /></div>
    <${Problem} error=${error} />
    ${data && html`<ul class="lines" aria-live="polite">${data.changes.length ? data.changes.map((one, i) => html`<li key=${i}>${one.text}</li>`)
      : html`<li class="muted">${t("decision.no_changes")}</li>`}</ul>`}`;
}
