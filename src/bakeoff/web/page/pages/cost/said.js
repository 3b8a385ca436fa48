// What the sums say of themselves, in words of this page: the library's own name options of the command line.

import { html } from "../../vendor/preact.js";
import { lang, t } from "../../lib/words.js";
import { kindName, machineName } from "./ways.js";

const HERE = new Set(["cost.no_rent", "cost.no_purchase_price", "cost.launch_price", "cost.not_in_catalog", "cost.not_served",
  "cost.no_measured_tokens", "cost.peak_assumed", "cost.left_out.staff"]);
const NOT_HERE = new Set(["cost.name_a_machine"]);

export function said(reason) {
  if (!HERE.has(reason.code)) return reason[lang];
  const parameters = { ...reason.parameters };
  if (parameters.machine) parameters.machine = machineName(parameters.machine);
  return t(`cost.said.${reason.code.slice(5).replace("left_out.", "")}`, parameters);
}

/** Never zero: what has no price is listed with the reason. */
export function Unknown({ found }) {
  if (!found.length) return null;
  const lines = [...new Map(found.map((one) => [said(one.reason), one])).entries()];
  return html`<section class="unknown"><h2>${t("cost.unknown")}</h2><ul class="lines">${lines.map(([text, one]) => html`<li key=${text}>
    <span class="badge">${kindName(one.kind)}</span> ${text}</li>`)}</ul></section>`;
}

export function Notes({ data }) {
  const notes = [...new Set([...data.notes, ...data.options.flatMap((one) => one.notes)]
    .filter((one) => !NOT_HERE.has(one.code)).map(said))];
  return html`<section><h2>${t("cost.left_out")}</h2>
    <ul class="lines small">${data.left_out.map((one) => html`<li key=${one.code}>${said(one)}</li>`)}</ul></section>
    ${notes.length > 0 && html`<section><h2>${t("cost.notes")}</h2><ul class="lines small">${notes.map((text) => html`<li key=${text}>${text}</li>`)}</ul></section>`}`;
}
