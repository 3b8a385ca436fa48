// A new column: a model from the catalog or by its name, where it runs, and whether it gets words of its own.

import { html, useState } from "../../vendor/preact.js";
import { of, post, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { decimal, t } from "../../lib/words.js";
import { Badge, Button, Checkbox, Dialog, Input, Problem } from "../../parts/basic.js";
import { Filled, PromptInput } from "./prompt.js";
import { visible } from "./text.js";

const FOUND = 8;
const BUILDS = ["gguf:Q4_K_M", "gguf:Q5_K_M", "gguf:Q6_K", "gguf:Q8_0", "gguf:BF16"];

/** Parameters as people say them: 0.6B. */
export const size = (parameters) => (parameters ? `${decimal(parameters / 1e9, parameters < 1e10 ? 1 : 0)}B` : "");

function Catalog({ find, chosen, onPick }) {
  const { data, error } = useFetch(find.trim() ? `api/catalog${query({ find: find.trim(), count: FOUND })}` : null, { wait: 200 });
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return null;
  if (!data.models.length) return html`<p class="muted small">${t("sheet.add.none")}</p>`;
  return html`<ul class="found" aria-label=${t("sheet.add.found")}>${data.models.map((one) => html`<li key=${one.id}><button type="button" class=${chosen === one.id ? "chosen" : ""} aria-pressed=${chosen === one.id} onClick=${() => onPick(one)}>
    <strong>${visible(one.name ?? one.id)}</strong> <span class="muted small">${visible(one.organisation ?? "")} · ${size(one.parameters)} · ${one.license_name ?? one.license ?? ""}</span></button></li>`)}</ul>`;
}

/**
 * @param {string} row a row with which the prompt is shown filled.
 * @param {(answer: object) => void} onAdded with what the server says.
 */
export function AddColumn({ project, sheet, row, onClose, onAdded }) {
  const [model, setModel] = useState("");
  const [picked, pick] = useState(null);
  const [build, setBuild] = useState("gguf:Q4_K_M");
  const [via, setVia] = useState("embedded");
  const [name, setName] = useState("");
  const [own, setOwn] = useState(false);
  const [system, setSystem] = useState(sheet.prompt.system ?? "");
  const [error, fail] = useState(null);
  const [busy, wait] = useState(false);
  const columns = sheet.data_columns.map((one) => one.name);
  const add = async () => {
    wait(true);
    try {
      onAdded(await post(of(project, "candidates"), {
        model: model.trim(), build: build.trim() || null, via: via.trim() || null, name: name.trim() || null,
        prompt: own ? { system } : null, stamp: sheet.stamp,
      }));
    } catch (problem) { fail(problem); wait(false); }
  };
  return html`<${Dialog} wide=${own} title=${t("sheet.add_column")} onClose=${onClose}
    footer=${html`<${Button} onClick=${onClose}>${t("app.cancel")}<//><${Button} kind="primary" busy=${busy} disabled=${!model.trim()} onClick=${add}>${t("sheet.add.add")}<//>`}>
    <${Problem} error=${error} />
    <${Input} label=${t("sheet.add.model")} hint=${t("sheet.add.model_hint")} value=${model} onInput=${(text) => { setModel(text); pick(null); }} autocomplete="off" spellcheck="false" />
    ${picked === null ? html`<${Catalog} find=${model} chosen=${picked} onPick=${(one) => { pick(one.id); setModel(one.id); }} />`
      : html`<p><${Badge} kind="accent">${visible(picked)}<//></p>`}
    <div class="two"><${Input} label=${t("sheet.add.build")} hint=${t("sheet.add.build_hint")} value=${build} onInput=${setBuild} list="builds" autocomplete="off" spellcheck="false" />
      <${Input} label=${t("sheet.add.via")} hint=${t("sheet.add.via_hint")} value=${via} onInput=${setVia} list="routes" autocomplete="off" spellcheck="false" /></div>
    <datalist id="builds">${BUILDS.map((one) => html`<option value=${one} />`)}</datalist>
    <datalist id="routes">${["embedded", "ollama", "lmstudio", "llama-server", "http://127.0.0.1:8080/v1"].map((one) => html`<option value=${one} />`)}</datalist>
    <${Input} label=${t("sheet.add.name")} hint=${t("sheet.add.name_hint")} value=${name} onInput=${setName} autocomplete="off" maxlength="80" />
    <${Checkbox} label=${t("sheet.add.own")} checked=${own} onChange=${setOwn} />
    ${own ? html`<div class="prompt-columns"><${PromptInput} label=${t("sheet.prompt.system")} value=${system} columns=${columns} onInput=${setSystem} />
      <${Filled} project=${project} row=${row} prompt=${{ system, user: sheet.prompt.user }} /></div>` : html`<${Filled} project=${project} row=${row} />`}<//>`;
}
