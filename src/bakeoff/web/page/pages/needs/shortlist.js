// The few models that are worth testing: what speaks for each and against it, and each one as a candidate.

import { html, useState } from "../../vendor/preact.js";
import { of, post, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { href } from "../../lib/route.js";
import { bytes, count, day, decimal, duration, percent, t } from "../../lib/words.js";
import { Badge, Button, Empty, Input, Loading, Notice, Problem } from "../../parts/basic.js";
import { NotYet } from "../models/add.js";

export function Shortlist({ project, questions }) {
  const { data, error, reload, loading } = useFetch(of(project, "shortlist"));
  const [problem, setProblem] = useState(null);
  const [added, setAdded] = useState([]);
  const [notes, setNotes] = useState([]);
  const back = html`<a href=${href(project, "needs")}>${t("needs.shortlist.back")}</a>`;
  if (error && !data) return html`<p>${back}</p><${Problem} error=${error} retry=${reload} />`;
  if (!data) return html`<${Loading} text=${t("needs.shortlist.working")} />`;
  const fresh = data.picks.filter((one) => !one.is_candidate && !added.includes(one.candidate.name));
  const add = async (picks) => {
    try {
      for (const one of picks) {
        const found = await post(of(project, "candidates"), one.candidate);
        if (found.error) setNotes((old) => [...old, { name: one.candidate.name, ...found.error }]);
        setAdded((old) => [...old, one.candidate.name]);
      }
      setProblem(null);
    } catch (failure) { setProblem(failure); }
    reload();
  };
  if (data.picks.length === 0) return html`<${Nothing} data=${data} back=${back} questions=${questions} />`;
  return html`<div class="head"><div><p class="small">${back}</p>
      <h1>${t("needs.shortlist.title", { n: data.picks.length, of: data.looked_at })}</h1>
      <p class="lead">${t("needs.shortlist.lead", { machine: machineName(data.machine) })}</p></div>
      <div class="row">${fresh.length > 0 && html`<${AddAll} n=${fresh.length} add=${() => add(fresh)} />`}
        ${fresh.length < data.picks.length && html`<a class="button" href=${href(project, "sheet")}>${t("needs.shortlist.to_sheet")}</a>`}</div></div>
    ${!data.saved && html`<${Notice}>${t("needs.shortlist.defaults")}<//>`}
    <${Problem} error=${problem} /><${NotYet} notes=${notes} />
    <div class="picks" aria-busy=${loading}>${data.picks.map((one) => html`<${Pick} key=${one.candidate.name} one=${one} project=${project}
      isCandidate=${one.is_candidate || added.includes(one.candidate.name)} add=${() => add([one])} />`)}</div>
    ${data.notes.map((one) => html`<${Notice}>${one.text}<//>`)}
    <p class="hint unit">${data.unit}</p>
    <section class="rest"><h2>${t("needs.shortlist.others")}</h2>
      <div class="two"><${Funnel} data=${data} /><${Explain} project=${project} /></div></section>`;
}

const machineName = (name) => (name === null ? t("needs.shortlist.hosted") : name === "this machine" ? t("needs.this_machine") : name);

function AddAll({ n, add }) {
  const [busy, set] = useState(false);
  return html`<${Button} kind="primary" busy=${busy} onClick=${async () => { set(true); await add(); set(false); }}>
    ${t("needs.shortlist.add_all", { n })}<//>`;
}

const short = (seconds) => (seconds < 10 ? `${decimal(seconds, 1)} s` : duration(seconds));
const range = ({ low, high }) => `${short(low)} – ${short(high)}`;

function Pick({ one, project, isCandidate, add }) {
  const [busy, set] = useState(false);
  const [, org, name] = /^([^/]*)\/(.*)$/.exec(one.model) ?? [null, "", one.model];
  return html`<article class="pick">
    <header><div><h2><a href=${href(project, "models", { rest: [org, name].filter(Boolean) })}><bdi>${one.name}</bdi></a></h2>
      <p class="muted small"><bdi>${org}</bdi> · ${one.provider ? t("needs.shortlist.at", { provider: one.provider }) : one.build}</p></div>
      <${Badge} kind=${one.role === "preferred" ? "accent" : "quiet"}>${one.role_text}<//></header>
    <dl class="facts">
      <div><dt>${t("needs.shortlist.chance")}</dt><dd>${percent(one.chance_best, 0)}</dd></div>
      <div><dt>${t("needs.shortlist.quality")}</dt><dd>${decimal(one.quality, 1)} <span class="small">± ${decimal(one.spread, 1)}</span></dd></div>
      <div><dt>${t("needs.shortlist.request")}</dt><dd>${one.seconds === null ? "–" : short(one.seconds)}${" "}
        ${one.plan?.speed.request_seconds && html`<span class="small">${range(one.plan.speed.request_seconds)}</span>`}</dd></div>
      <div><dt>${t("needs.shortlist.memory")}</dt><dd>${one.memory_bytes === null ? "–" : bytes(one.memory_bytes)}</dd></div>
    </dl>
    <div class="two reasons">
      <div><h3>${t("needs.shortlist.for")}</h3><ul>${one.reasons_for.map((why) => html`<li>${why.text}</li>`)}</ul></div>
      <div><h3>${t("needs.shortlist.against")}</h3>${one.reasons_against.length
        ? html`<ul>${one.reasons_against.map((why) => html`<li>${why.text}</li>`)}</ul>` : html`<p class="muted">${t("needs.shortlist.nothing_against")}</p>`}</div>
    </div>
    <footer class="row">${isCandidate ? html`<${Badge} kind="good">${t("needs.shortlist.is_candidate")}<//>`
      : html`<${Button} small busy=${busy} onClick=${async () => { set(true); await add(); set(false); }}
          aria-label=${t("needs.shortlist.add_one", { name: one.name })}>${t("needs.shortlist.add")}<//>`}</footer>
  </article>`;
}

const Funnel = ({ data }) => html`<div><p>${t("needs.shortlist.looked_at", { n: data.looked_at, day: day(data.catalog) })}</p>
  <ul class="out">${data.funnel.map((one) => html`<li><span class="number">${count(one.models)}</span> <span>${one.text}</span></li>`)}</ul></div>`;

function Explain({ project }) {
  const [name, setName] = useState("");
  const [asked, ask] = useState(null);
  const { data, error, loading } = useFetch(asked === null ? null : of(project, "shortlist") + query({ explain: asked }));
  const found = data?.explained;
  return html`<form class="explain" onSubmit=${(event) => { event.preventDefault(); if (name.trim()) ask(name.trim()); }}>
    <${Input} label=${t("needs.shortlist.explain")} hint=${t("needs.shortlist.explain_hint")} value=${name} maxlength="200" onInput=${setName} />
    <${Button} type="submit" small busy=${loading} disabled=${!name.trim()}>${t("needs.shortlist.explain_do")}<//>
    <div role="status">${error ? html`<p class="error-text">${error.message} ${error.hint}</p>` : found && html`<p><strong>${found.text}</strong></p>
      <ul>${found.reasons.map((one) => html`<li>${one.text}</li>`)}</ul>`}</div>
  </form>`;
}

function Nothing({ data, back, questions }) {
  const name = (key) => questions.find((one) => one.key === key)?.words ?? key;
  return html`<p class="small">${back}</p><${Empty} title=${t("needs.shortlist.none", { n: data.looked_at })}>${t("needs.shortlist.none_hint")}<//>
    <section class="rest">${data.relaxed.length > 0 && html`<h2>${t("needs.shortlist.relax")}</h2><ul>${data.relaxed.map((one) => html`<li>
      ${t("needs.shortlist.relaxed", { need: name(one.key), n: one.models })}</li>`)}</ul>`}
    <h2>${t("needs.shortlist.others")}</h2><${Funnel} data=${data} /></section>`;
}
