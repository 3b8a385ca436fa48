// Candidates as people or a judge rank them: the share with its interval first.

import { html } from "../../vendor/preact.js";
import { count, percent, points, t } from "../../lib/words.js";
import { Interval } from "../../parts/basic.js";

export function Table({ title, standings }) {
  const pairs = standings.some((one) => one.strength);
  return html`<div class="table-wrap ab-table" tabindex="0" role="group" aria-label=${title}><table><caption>${title}</caption>
    <thead><tr><th scope="col">${t("label.candidate")}</th><th scope="col">${t("label.share")}</th><th scope="col" class="number">${t("label.rows")}</th>
      ${pairs && html`<th scope="col" class="number">${t("label.tally")}</th><th scope="col" class="number">${t("label.strength")}</th>`}</tr></thead>
    <tbody>${standings.map((one) => html`<tr key=${one.candidate}><th scope="row"><bdi>${one.candidate}</bdi></th>
      <td class="ab-share"><strong>${percent(one.value)}</strong> <span class="muted">${points(one.low)}–${points(one.high)}</span>
        <${Interval} value=${one.value} low=${one.low} high=${one.high} label=${`${percent(one.value)} (${points(one.low)}–${points(one.high)})`} /></td>
      <td class="number">${count(one.n)}</td>
      ${pairs && html`<td class="number">${[one.wins, one.ties, one.losses].map(count).join(" · ")}</td>
        <td class="number">${one.strength ? html`${count(Math.round(one.strength.elo))} <span class="muted">${count(Math.round(one.strength.low))}–${count(Math.round(one.strength.high))}</span>` : "–"}</td>`}
    </tr>`)}</tbody></table></div>`;
}
