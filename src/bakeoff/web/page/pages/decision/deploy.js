// How to run the choice for real: first steps in plain words, then each way with what it takes, to copy or to save.

import { html, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { bytes, rate, t } from "../../lib/words.js";
import { Badge, Button, Input, Loading, Problem, Select } from "../../parts/basic.js";

const EFFORT = { command: "quiet", modelfile: "quiet", compose: "quiet", kubernetes: "warn", endpoint: "quiet" };

export function Deploy({ project, choice, names }) {
  const [asked, set] = useState({});
  const change = (more) => set({ ...asked, ...more });
  const candidate = asked.candidate ?? choice ?? names[0];
  const { data, error, loading, reload } = useFetch(of(project, "deploy") + query({ ...asked, candidate }), { wait: 200 });
  return html`<section class="deploy"><h2>${t("decision.deploy")}</h2>
    <div class="asking"><${Select} label=${t("decision.column.candidate")} value=${candidate} options=${names.map((one) => [one, one])} onChange=${(name) => change({ candidate: name })} />
      <${Input} label=${t("decision.machine")} value=${asked.on ?? ""} placeholder=${data?.machine === "this machine" ? t("decision.this_machine") : data?.machine ?? ""} onInput=${(on) => change({ on })} />
      <${Select} label=${t("decision.engine")} value=${asked.engine ?? ""} onChange=${(engine) => change({ engine })}
        options=${[["", t("decision.best_engine")], ["llama.cpp", "llama.cpp"], ["vllm", "vLLM"], ["sglang", "SGLang"]]} />
      <${Input} label=${t("decision.users")} type="number" min="1" value=${asked.users ?? ""} placeholder="1" onInput=${(users) => change({ users: users || undefined })} /></div>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : !data ? html`<${Loading} />` : html`<div class=${loading ? "stale" : ""}><${Found} data=${data} /></div>`}</section>`;
}

function Found({ data }) {
  const plan = data.document?.plan;
  const recipes = data.document?.recipes ?? [];
  const [kind, setKind] = useState(null);
  const shown = recipes.find((one) => one.kind === kind) ?? recipes[0];
  return html`${data.hosted && html`<p>${t("decision.hosted", { model: data.hosted.model })} <code>${data.hosted.url}</code></p>`}
    ${data.elsewhere && html`<p>${t("decision.elsewhere", { model: data.elsewhere.model })}${data.elsewhere.url && html` <code>${data.elsewhere.url}</code>`}</p>`}
    ${plan && html`<p class="muted">${plan.model} · ${plan.build} · ${plan.engine}${plan.memory ? ` · ${bytes(plan.memory.total_bytes)}` : ""}${plan.speed?.decode_tokens_per_second
      ? ` · ${t("decision.speed", { n: rate(plan.speed.decode_tokens_per_second.value) })}` : ""}</p>`}
    ${data.steps.length > 0 && html`<h3>${t("decision.steps")}</h3><ol class="steps">${data.steps.map((one, i) => html`<li key=${i}>${one.code === "deploy.step.check" ? t("decision.step_check") : one.text.replaceAll("`", "")}</li>`)}</ol>`}
    ${recipes.length > 0 && html`<div class="recipes" role="group" aria-label=${t("decision.ways")}>${recipes.map((one) => html`<button type="button" key=${one.kind}
        aria-pressed=${one === shown} class=${one === shown ? "recipe chosen" : "recipe"} onClick=${() => setKind(one.kind)}>
        <strong>${t(`decision.recipe.${one.kind}`)}</strong><${Badge} kind=${EFFORT[one.kind]}>${t(`decision.effort.${one.kind}`)}<//></button>`)}</div>
      <${Recipe} key=${shown.kind} recipe=${shown} />`}
    ${data.left_out.length > 0 && html`<ul class="lines small">${data.left_out.map((one, i) => html`<li key=${i}>${one.text}</li>`)}</ul>`}`;
}

function Recipe({ recipe }) {
  const [copied, told] = useState(false);
  const copy = async () => { await navigator.clipboard.writeText(recipe.text); told(true); };
  const save = () => {
    const href = URL.createObjectURL(new Blob([recipe.text], { type: "text/plain" }));
    Object.assign(document.createElement("a"), { href, download: recipe.file_name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1000);
  };
  return html`<div class="recipe-text"><p class="small muted">${t(`decision.recipe_is.${recipe.kind}`)}</p>
    <div class="row between"><code>${recipe.file_name}</code><span class="row">
      ${navigator.clipboard && html`<${Button} small onClick=${copy}>${copied ? t("decision.copied") : t("decision.copy")}<//>`}
      <${Button} small onClick=${save}>${t("decision.save_file")}<//></span></div>
    <pre tabindex="0" lang="en">${recipe.text}</pre></div>`;
}
