// The needs as a form: what is required of a model, how many models that leaves, and then the shortlist.

import { html, useEffect, useState } from "../vendor/preact.js";
import { of, put } from "../lib/api.js";
import { useFetch, useStyles, useTitle } from "../lib/hooks.js";
import { t } from "../lib/words.js";
import { Button, Loading, Notice, Problem } from "../parts/basic.js";
import { useCount } from "./needs/count.js";
import { NeedField } from "./needs/field.js";
import { Panel } from "./needs/panel.js";
import { Shortlist } from "./needs/shortlist.js";

/** The questions in their sections. */
const SECTIONS = {
  work: ["task", "languages", "inputs", "domain"],
  place: ["privacy", "hardware"],
  load: ["prompt_tokens", "output_tokens", "context_tokens", "requests_per_day", "growth_per_year", "concurrent_users"],
  speed: ["max_time_to_first_token_ms", "min_decode_tokens_per_second", "prefer"],
  terms: ["license", "openness", "max_age_months", "budget_usd_per_month", "fine_tuning"],
};

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export default function Needs({ route, project }) {
  const ready = useStyles("needs");
  const { data, error, reload } = useFetch(of(project, "needs"));
  useTitle(t(route.rest[0] === "shortlist" ? "needs.shortlist.name" : "nav.needs"), project);
  if (error) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!data || !ready) return html`<${Loading} as="page" />`;
  if (route.rest[0] === "shortlist") return html`<${Shortlist} project=${project} questions=${data.questions} />`;
  return html`<${Form} key=${project} project=${project} first=${data} />`;
}

function Form({ project, first }) {
  const [server, setServer] = useState(first);
  const [values, setValues] = useState(first.needs);
  const [template, setTemplate] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const count = useCount(project, values);
  const dirty = !same(values, server.needs) || !server.saved;
  const change = (more) => { setValues((old) => ({ ...old, ...more })); setProblem(null); };

  useEffect(() => {
    if (!dirty || same(values, server.needs)) return undefined;
    const warn = (event) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [dirty, values]);

  const save = async (stamp = server.stamp) => {
    setBusy(true);
    try {
      const found = await put(of(project, "needs"), { values, stamp });
      setServer(found);
      setValues(found.needs);
      setProblem(null);
    } catch (error) { setProblem(error); }
    setBusy(false);
  };
  const theirs = () => {
    setServer({ ...server, needs: problem.more.theirs, stamp: problem.more.stamp, saved: true });
    setValues(problem.more.theirs);
    setProblem(null);
  };
  /** Laid over what is there; what the template before it had set goes back. */
  const pick = (one) => {
    const before = Object.keys(template?.needs ?? {}).map((key) => [key, server.defaults[key]]);
    setTemplate(one);
    change({ ...Object.fromEntries(before), ...one.needs });
  };

  const questions = Object.fromEntries(server.questions.map((one) => [one.key, one]));
  const asked = (key) => !count.data || count.data.asked.includes(key) || !same(values[key], server.defaults[key]);
  const wrong = (key) => count.data?.problems.find((one) => one.key === key);
  const against = (key) => count.data?.contradictions.filter((one) => one.key === key) ?? [];
  return html`<div class="head"><div><h1>${t("needs.title")}</h1><p class="lead">${t("needs.lead")}</p></div></div>
    <div class="needs">
      <form onSubmit=${(event) => { event.preventDefault(); save(); }}>
        <section><h2>${t("needs.templates")}</h2><p class="hint">${t("needs.templates_hint")}</p>
          <div class="row templates">${server.templates.map((one) => html`<${Button} small key=${one.name}
            aria-pressed=${template?.name === one.name} onClick=${() => pick(one)}>${t(`needs.template.${one.name}`)}<//>`)}</div>
          ${template && html`<p class="hint" role="status">${t("needs.template_graders", {
            graders: template.graders.map((one) => one.kind).join(", ") })}</p>`}
        </section>
        ${Object.entries(SECTIONS).map(([name, keys]) => html`<section key=${name}>
          <h2>${t(`needs.section.${name}`)}</h2>
          <div class="fields">${keys.filter(asked).map((key) => html`<${NeedField} key=${key} question=${questions[key]}
            value=${values[key]} questions=${questions} problem=${wrong(key)} contradictions=${against(key)} onChange=${change} />`)}</div>
        </section>`)}
      </form>
      <aside class="aside" aria-label=${t("needs.left_label")}>
        <${Panel} project=${project} count=${count} dirty=${dirty} busy=${busy} save=${() => save()} />
        ${problem?.kind === "conflict"
          ? html`<${Notice} kind="warn" title=${t("needs.conflict")}><p>${t("needs.conflict_hint")}</p><div class="row">
              <${Button} small onClick=${theirs}>${t("needs.theirs")}<//>
              <${Button} small onClick=${() => save(problem.more.stamp)}>${t("needs.mine")}<//></div><//>`
          : html`<${Problem} error=${problem} />`}
      </aside>
    </div>`;
}
