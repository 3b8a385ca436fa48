// One need: its question, the line that explains it, its answer, and what is wrong with that.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { decimal, lang, t } from "../../lib/words.js";
import { Button, Checkbox, Field, Segmented, Select, withReason } from "../../parts/basic.js";
import { Languages } from "./languages.js";
import { MachineInput } from "../models/machine.js";

const INPUTS = ["text", "image", "audio", "video"];
const WIDE = 4; // choices side by side; more are a list

export function NeedField({ question, value, questions, problem, contradictions, onChange }) {
  const set = (next) => onChange({ [question.key]: next });
  const error = problem && wrongText(question, problem);
  const kind = question.kind === "choice" && question.choices.length <= WIDE ? "few" : question.kind;
  return html`<div class=${`need need-${kind}`}>
    <${KINDS[kind]} question=${question} value=${value} set=${set} error=${error} />
    ${contradictions.map((one) => html`<div class="notice warn contradiction" role="status"><div>${t(`needs.against.${one.code.split(".")[1]}`, one.parameters)}</div>
      <${Button} small onClick=${() => onChange(one.fix)}>${fixText(one.fix, questions)}<//></div>`)}
  </div>`;
}

function wrongText(question, problem) {
  if (question.kind === "number") {
    const words = { least: decimal(question.least), most: decimal(question.most) };
    return question.whole ? t("needs.wrong.whole", words) : t("needs.wrong.number", words);
  }
  if (question.kind === "machine") return withReason(t("needs.wrong.machine"), problem);
  return question.kind === "text" ? t("needs.wrong.text") : problem.hint ?? problem.message;
}

function fixText(fix, questions) {
  const [key, value] = Object.entries(fix)[0];
  const shown = key === "hardware" ? t("needs.this_machine") : Array.isArray(value)
    ? value.map((one) => t(`needs.input.${one}`)).join(", ") : decimal(value);
  return t("needs.fix", { need: questions[key].words, value: shown });
}

const Few = ({ question, value, set }) => html`<${Segmented} label=${question.words} value=${value}
  options=${question.choices.map((one) => [one, t(`needs.choice.${question.key}.${one}`)])} onChange=${set} />
  <p class="hint">${why(question)}</p>`;

const Choice = ({ question, value, set, error }) => html`<${Select} label=${question.words} hint=${why(question)} value=${value}
  error=${error} options=${question.choices.map((one) => [one, t(`needs.task.${one}`)])} onChange=${set} />`;

const Text = ({ question, value, set, error }) => html`<${Field} label=${question.words} hint=${why(question)} error=${error}>
  ${(ids) => html`<input ...${ids} value=${value ?? ""} maxlength="200" list=${`${ids.id}-list`}
    onInput=${(event) => set(event.target.value.trim() === "" ? null : event.target.value)} />
    <datalist id=${`${ids.id}-list`}>${["medical", "legal", "finance", "coding", "math"].map((one) => html`<option value=${one}></option>`)}</datalist>`}<//>`;

const Yes = ({ question, value, set }) => html`<fieldset class="one-check"><legend>${question.words}</legend>
  <${Checkbox} label=${why(question)} checked=${value === true} onChange=${set} /></fieldset>`;

const Inputs = ({ question, value, set, error }) => html`<fieldset class="inputs"><legend>${question.words}</legend>
  <p class="hint">${why(question)}</p><div class="row">${INPUTS.map((one) => html`<${Checkbox} label=${t(`needs.input.${one}`)}
    checked=${value.includes(one)}
    onChange=${(on) => set(INPUTS.filter((other) => (other === one ? on : value.includes(other))))} />`)}</div>
  ${(error || value.length === 0) && html`<p class="error-text">${t("needs.wrong.inputs")}</p>`}</fieldset>`;

/** A number as the reader writes it; what is no number stays as typed, and the server says so. */
function Number_({ question, value, set, error }) {
  const shown = value === null ? "" : typeof value === "number" ? plain(value) : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => { if (parse(text) !== value) setText(shown); }, [value]);
  return html`<${Field} label=${question.words} hint=${why(question)} error=${error}>
    ${(ids) => html`<input ...${ids} class="short" inputmode=${question.whole ? "numeric" : "decimal"} value=${text}
      placeholder=${question.optional ? t("needs.no_limit") : ""}
      onInput=${(event) => { setText(event.target.value); set(parse(event.target.value)); }} />`}<//>`;
}

const plain = (value) => (lang === "vi" ? String(value).replace(".", ",") : String(value));

export function parse(text) {
  const tidy = text.replace(/\s/g, "");
  if (tidy === "") return null;
  const [thousands, point] = lang === "vi" ? [/\.(?=\d{3}(\D|$))/g, ","] : [/,(?=\d{3}(\D|$))/g, "."];
  const number = Number(tidy.replace(thousands, "").replace(point, "."));
  return Number.isFinite(number) ? number : text;
}

const Machine = ({ question, value, set, error }) => html`<div class="where-run">
  <${MachineInput} label=${question.words} hint=${why(question)} error=${error} disabled=${value === "none"}
    value=${value === "none" || value === "this machine" ? "" : value} onInput=${(text) => set(text.trim() === "" ? "this machine" : text)} />
  <${Checkbox} label=${t("needs.no_hardware")} checked=${value === "none"} onChange=${(on) => set(on ? "none" : "this machine")} /></div>`;

const LanguagesField = ({ question, value, set, error }) => html`<${Languages} label=${question.words} hint=${why(question)}
  value=${value} onChange=${set} error=${error} />`;

/** The wizard's line; where the form's own field is another than a line of text, words that fit it. */
function why(question) {
  if (question.key === "languages") return t("needs.why.languages");
  if (question.key === "hardware") return t("needs.why.hardware");
  if (question.key === "inputs") return t("needs.why.inputs");
  if (question.key === "privacy") return t("needs.why.privacy");
  if (question.key === "prefer") return t("needs.why.prefer");
  return question.why;
}

const KINDS = {
  few: Few, choice: Choice, text: Text, number: Number_, boolean: Yes, inputs: Inputs, machine: Machine, languages: LanguagesField,
};
