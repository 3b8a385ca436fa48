// Another rule, gap or weights: tried at once, saved only when asked to.

import { html, useState } from "../../vendor/preact.js";
import { of, put } from "../../lib/api.js";
import { href } from "../../lib/route.js";
import { decimal, percent, points, t } from "../../lib/words.js";
import { Button, Notice, Problem, Range } from "../../parts/basic.js";

const CRITERIA = ["quality", "cost", "latency", "memory"];
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export function Rule({ project, data, seen, draft, change, replace }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const { saved, weighing } = data;
  const wanted = { rule: draft.rule ?? saved.rule, smallest_gap_that_matters: draft.smallest_gap_that_matters ?? saved.smallest_gap_that_matters,
    weights: draft.weights ?? saved.weights };
  const dirty = !same(wanted, { rule: saved.rule, smallest_gap_that_matters: saved.smallest_gap_that_matters, weights: saved.weights });
  const needsGap = ["cheapest not worse", "fastest not worse"].includes(wanted.rule);
  const save = async (stamp) => {
    setBusy(true);
    try {
      await put(of(project, "decision"), { ...wanted, stamp });
      setProblem(null);
      setDone(true);
      replace({});
    } catch (error) { setProblem(error); }
    setBusy(false);
  };
  const theirs = () => { setProblem(null); replace({}); };
  const conflict = problem?.kind === "conflict";
  return html`<form class="rule" aria-label=${t("decision.rule")} onSubmit=${(event) => { event.preventDefault(); save(seen); }}>
    <fieldset><legend>${t("decision.rule")}</legend>${data.rules.map((one) => html`<label key=${one.rule} class=${one.possible ? "choice" : "choice impossible"}>
      <input type="radio" name="rule" value=${one.rule} checked=${wanted.rule === one.rule} disabled=${!one.possible} onChange=${() => change({ rule: one.rule })} />
      <span>${one.text}<span class="small muted">${one.possible ? t(`decision.rule_is.${one.rule.replaceAll(" ", "_")}`) : html`${t("decision.needs_budget")} <a href=${href(project, "needs")}>${t("nav.needs")}</a>`}</span></span></label>`)}</fieldset>
    <${Range} label=${t("decision.gap")} hint=${needsGap ? t("decision.gap_hint") : t("decision.gap_unused")} min="0.005" max="0.3" step="0.005"
      value=${wanted.smallest_gap_that_matters} show=${(value) => t("decision.points", { n: points(value) })}
      onInput=${(value) => change({ smallest_gap_that_matters: value })} />
    ${wanted.rule === "weighted" && html`<${Weights} wanted=${wanted.weights} weighing=${weighing} change=${change} />`}
    <div class="row"><${Button} kind="primary" type="submit" busy=${busy} disabled=${!dirty}>${t("decision.save")}<//>
      <${Button} kind="quiet" disabled=${!dirty} onClick=${() => { replace({}); setProblem(null); }}>${t("decision.as_saved")}<//></div>
    <p class="hint" role="status">${dirty ? t("decision.trying") : done ? t("decision.saved") : ""}</p>
    ${conflict && html`<${Notice} kind="warn" title=${t("decision.conflict")} action=${html`<span class="row"><${Button} small onClick=${theirs}>${t("decision.take_theirs")}<//>
        <${Button} small onClick=${() => save(problem.more.stamp)}>${t("decision.keep_mine")}<//></span>`}>
      ${t("decision.both", { theirs: short(problem.more.theirs), mine: short(wanted) })}<//>`}
    ${problem && !conflict && html`<${Problem} error=${problem} />`}
  </form>`;
}

const short = (one) => `${one.rule ?? "–"}, ${points(one.smallest_gap_that_matters ?? 0)}${one.weights ? `, ${Object.entries(one.weights).map(([name, value]) => `${name} ${decimal(value, 2)}`).join(" ")}` : ""}`;

/** Sliders, and over which weights of each criterion the choice holds. */
function Weights({ wanted, weighing, change }) {
  const now = wanted ?? { quality: 0.5, cost: 0.25, latency: 0.25 };
  const set = (name) => (value) => {
    const next = { ...now, [name]: value };
    if (Object.values(next).some((one) => one > 0)) change({ weights: Object.fromEntries(Object.entries(next).filter(([, one]) => one > 0)) });
  };
  return html`<div class="weights">${CRITERIA.map((name) => html`<div key=${name}>
      <${Range} label=${t(`decision.criterion.${name}`)} min="0" max="1" step="0.05" value=${now[name] ?? 0} show=${(value) => decimal(value, 2)} onInput=${set(name)} />
      ${weighing && (weighing.stretches[name].length ? html`<${Stretches} name=${name} weighing=${weighing} />`
        : html`<p class="hint">${t("decision.not_known_of_all")}</p>`)}</div>`)}
    ${weighing && html`<p class="small">${t("decision.share", { model: weighing.order[0], share: percent(weighing.share, 0) })}</p>
      <ol class="scores">${weighing.order.map((name) => html`<li key=${name}><bdi>${name}</bdi> <span class="muted">${decimal(weighing.scores[name], 3)}</span></li>`)}</ol>`}
  </div>`;
}

const place = (values) => (node) => node && Object.assign(node.style, values);

function Stretches({ name, weighing }) {
  const at = weighing.weights[name] ?? 0;
  const found = weighing.stretches[name];
  const said = found.map((one) => t("decision.stretch", { model: one.model, low: percent(one.low, 0), high: percent(one.high, 0) })).join("; ");
  return html`<div class="stretches" role="img" aria-label=${said} title=${said}>
    ${found.map((one) => html`<span key=${one.low} class=${one.model === weighing.order[0] ? "holds" : ""} ref=${place({ left: `${100 * one.low}%`, width: `${100 * (one.high - one.low)}%` })}>
      <span>${one.high - one.low > 0.2 ? one.model : ""}</span></span>`)}
    <i ref=${place({ left: `${100 * at}%` })}></i></div>`;
}
