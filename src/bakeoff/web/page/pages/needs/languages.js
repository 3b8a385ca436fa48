// Languages by their names: chosen ones as chips, others from a list.

import { html } from "../../vendor/preact.js";
import { collator, lang, t } from "../../lib/words.js";
import { Field } from "../../parts/basic.js";

const CODES = ("ar bg bn ca cs da de el en es et eu fa fi fil fr gl gu he hi hr hu id it ja km kn ko lo lt lv ml mr ms my ne nl "
  + "no pa pl pt ro ru sk sl sr sv ta te th tr uk ur vi zh").split(" ");

/** The name of a language in the reader's own; the code itself where there is none. */
export function languageName(code) {
  try { return new Intl.DisplayNames(lang, { type: "language" }).of(code) ?? code; } catch { return code; }
}

export function Languages({ label, hint, error, value, onChange }) {
  const others = CODES.filter((code) => !value.includes(code))
    .map((code) => [code, languageName(code)]).sort((a, b) => collator.compare(a[1], b[1]));
  return html`<${Field} label=${label} hint=${hint} error=${value.length === 0 ? t("needs.wrong.languages") : error}>
    ${(ids) => html`<div class="chips">
      ${value.map((code) => html`<button type="button" class="chip" key=${code} aria-label=${t("needs.remove", { name: languageName(code) })}
        onClick=${() => onChange(value.filter((one) => one !== code))}>${languageName(code)} <span aria-hidden="true">×</span></button>`)}
      <select ...${ids} value="" onChange=${(event) => { if (event.target.value) onChange([...value, event.target.value]); event.target.value = ""; }}>
        <option value="">${t("needs.add_language")}</option>
        ${others.map(([code, name]) => html`<option value=${code}>${name}</option>`)}
      </select></div>`}<//>`;
}
