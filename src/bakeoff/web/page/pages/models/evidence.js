// Benchmark results of a model: each with its source and day; the vendor's own are marked.

import { html, useState } from "../../vendor/preact.js";
import { day, decimal, t } from "../../lib/words.js";
import { Badge, Button } from "../../parts/basic.js";

const FEW = 12;

export function Evidence({ rows }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, FEW);
  return html`<section class="detail-evidence"><h3>${t("models.evidence")}</h3>
    ${rows.length === 0 ? html`<p class="muted">${t("models.no_evidence")}</p>` : html`
    <p class="hint">${t("models.evidence_hint")}</p>
    <div class="table-wrap" tabindex="0" role="region" aria-label=${t("models.evidence")}><table><thead><tr><th scope="col">${t("models.column.benchmark")}</th>
      <th scope="col" class="number">${t("models.column.score")}</th><th scope="col">${t("models.column.day")}</th><th scope="col">${t("models.column.source")}</th></tr></thead>
      <tbody>${shown.map((row) => html`<tr><th scope="row">${row.benchmark} <span class="muted small block">${[row.category, row.metric, row.language, row.settings].filter(Boolean).join(" · ")}</span></th>
        <td class="number">${score(row)}</td><td>${day(row.date)}</td>
        <td><${Source} text=${row.source} /> ${row.self_reported && html`<${Badge} kind="warn">${t("models.self_reported")}<//>`}</td></tr>`)}</tbody></table></div>
    ${rows.length > FEW && !all && html`<p><${Button} small onClick=${() => setAll(true)}>${t("models.all_evidence", { n: rows.length })}<//></p>`}`}
  </section>`;
}

export const score = (row) => `${decimal(row.score, 3)} ${row.unit}`;

/** `github:owner/name` can be opened; everything else is told as it stands. */
export function Source({ text }) {
  const hub = /^github:([\w.-]+\/[\w.-]+)/.exec(text);
  const address = hub ? `https://github.com/${hub[1]}` : /^https:\/\/[^\s]+$/.test(text) ? text : null;
  return address ? html`<a href=${address} target="_blank" rel="noreferrer noopener"><bdi>${text}</bdi> ↗</a>` : html`<bdi>${text}</bdi>`;
}
