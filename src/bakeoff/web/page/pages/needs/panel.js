// What is left: one number, the reasons by how many they stop, and what to do next.

import { html } from "../../vendor/preact.js";
import { href } from "../../lib/route.js";
import { count as shown, day, t } from "../../lib/words.js";
import { Button, Loading, Problem } from "../../parts/basic.js";

export function Panel({ project, count, dirty, busy, save }) {
  const { data, loading, error } = count;
  const blocked = Boolean(data && (data.problems.length || data.contradictions.length));
  const next = dirty
    ? html`<${Button} kind="primary" busy=${busy} disabled=${blocked} onClick=${save}>${t("app.save")}<//>`
    : html`<a class="button primary" href=${href(project, "needs", { rest: ["shortlist"] })}>${t("needs.see_shortlist")}</a>`;
  return html`<div class="panel">
    <div class="left-line" role="status" aria-live="polite">
      ${data && html`<p class=${loading ? "left waiting" : "left"}><span>${t("needs.leaves")}</span>
        <strong>${shown(data.left)}</strong> <span>${t("needs.of", { n: data.looked_at })}</span></p>`}
      ${!data && !error && html`<${Loading} />`}
    </div>
    <${Problem} error=${error} />
    <div class="row actions">${next}${!dirty && html`<span class="hint">${t("needs.saved")}</span>`}</div>
    ${blocked && html`<p class="error-text">${t("needs.mend_first")}</p>`}
    ${data && html`<details class="why" open=${matchMedia("(min-width: 64rem)").matches}><summary>${t("needs.why_out")}</summary>
      <ul class=${loading ? "out waiting" : "out"}>${data.out.map((one) => html`<li key=${one.code}>
        <span class="number">${shown(one.models)}</span> <span>${one.text}</span></li>`)}</ul>
      <p class="hint">${data.speeds ? t("needs.with_speeds") : t("needs.without_speeds")}
        ${" "}${t("needs.catalog_of", { day: day(data.catalog) })}</p></details>`}
  </div>`;
}
