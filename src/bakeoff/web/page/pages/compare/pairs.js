// Every two models on the same rows, those of the choice first: the difference with its interval, and whether it is shown.

import { html } from "../../vendor/preact.js";
import { href } from "../../lib/route.js";
import { count, points, t } from "../../lib/words.js";
import { Interval } from "../../parts/basic.js";
import { Name, p, signed, signedRange } from "./numbers.js";

const MOST_OPEN = 12;

/** From the side of the choice, else of the better one. */
function turned(pair, more_rows, data) {
  const place = (name) => data.models.findIndex((one) => one.model === name);
  const { choice } = data.decision;
  if (pair.a === choice || (pair.b !== choice && place(pair.a) <= place(pair.b))) return { ...pair, more_rows };
  return {
    ...pair, more_rows, a: pair.b, b: pair.a, difference: -pair.difference,
    low_simultaneous: -pair.high_simultaneous, high_simultaneous: -pair.low_simultaneous,
  };
}

export function Pairs({ data, project }) {
  const { decision } = data;
  const place = (name) => data.models.findIndex((one) => one.model === name);
  const pairs = decision.pairs.map((pair, i) => turned(pair, data.more_rows[i], data))
    .sort((a, b) => (b.a === decision.choice) - (a.a === decision.choice) || place(a.a) - place(b.a) || place(a.b) - place(b.b));
  const gap = decision.smallest_gap_that_matters;
  const far = Math.min(1, Math.max(gap, ...pairs.flatMap((one) => [Math.abs(one.low_simultaneous), Math.abs(one.high_simultaneous)])) * 1.05);
  const table = (rows) => html`<div class="table-wrap" tabindex="0" role="group" aria-label=${t("compare.part.pairs")}><table class="compare-table stack">
    <thead><tr><th scope="col">${t("compare.pair")}</th><th scope="col" class="compare-wide">${t("compare.difference")}</th>
      <th scope="col" class="number">${t("compare.p_holm")}</th><th scope="col" class="number">${t("compare.discordant")}</th>
      <th scope="col" class="number">${t("compare.more_rows")}</th><th scope="col"><span class="hidden">${t("compare.part.flips")}</span></th></tr></thead>
    <tbody>${rows.map((pair) => html`<${Line} key=${`${pair.a}\n${pair.b}`} pair=${pair} data=${data} project=${project} far=${far} gap=${gap} />`)}</tbody></table></div>`;
  return html`<p class="muted compare-note">${t("compare.pairs_hint", { gap: points(gap) })}</p>
    ${table(pairs.slice(0, MOST_OPEN))}
    ${pairs.length > MOST_OPEN && html`<details class="compare-said"><summary>${t("compare.more_pairs", { n: pairs.length - MOST_OPEN })}</summary>${table(pairs.slice(MOST_OPEN))}</details>`}`;
}

function Line({ pair, data, project, far, gap }) {
  const style = (values) => (node) => node && Object.assign(node.style, values);
  const at = (x) => `${(100 * (x + far)) / (2 * far)}%`;
  const text = t("compare.points", { n: signed(pair.difference), range: signedRange(pair.low_simultaneous, pair.high_simultaneous) });
  return html`<tr>
    <th scope="row"><${Name} data=${data} model=${pair.a} /><div class="muted small">${t("compare.minus")} <${Name} data=${data} model=${pair.b} /></div></th>
    <td class="compare-wide across">${pair.n ? html`<strong>${signed(pair.difference)}</strong> <span class="muted">${signedRange(pair.low_simultaneous, pair.high_simultaneous)}</span>
      <span class="compare-axis"><span class="compare-gap" ref=${style({ left: at(-gap), right: `calc(100% - ${at(gap)})` })}></span><span class="compare-zero"></span>
      <${Interval} value=${pair.difference} low=${pair.low_simultaneous} high=${pair.high_simultaneous} from=${-far} to=${far} accent=${pair.p_holm < 0.05} label=${text} /></span>` : "–"}</td>
    <td class="number" data-label=${t("compare.p_holm")}>${pair.n ? p(pair.p_holm) : "–"}</td>
    <td class="number" data-label=${t("compare.discordant")}>${count(pair.n_discordant)}<span class="muted">/${count(pair.n)}</span></td>
    <td class="number" data-label=${t("compare.more_rows")}>${pair.n ? (pair.more_rows === null ? html`<span class="muted">${t("compare.told")}</span>` : `≈ ${count(pair.more_rows)}`) : "–"}</td>
    <td class="number across"><a href=${href(project, "compare", { rest: ["flips"], query: { a: pair.a, b: pair.b } })}>${t("compare.read_flips")}</a></td>
  </tr>`;
}
