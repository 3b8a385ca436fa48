// Rows to read: what was asked, what is right, what was answered; each with the way to its row in the sheet.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { get, query } from "../../lib/api.js";
import { href } from "../../lib/route.js";
import { count, t } from "../../lib/words.js";
import { Button, Loading, Problem } from "../../parts/basic.js";
import { Name } from "./numbers.js";

const STEP = 8;

const MOST = 200; // rows that the server gives at once

/**
 * @param {string} path answers with `total` and `rows`, by `start` and `count`.
 * @param turn changes when the answers may be others; what is shown stays until they are there.
 */
export function Rows({ path, turn, models, data, project }) {
  const [state, set] = useState({ path: null, turn, total: null, rows: [], error: null });
  const [wanted, more] = useState(STEP);
  useEffect(() => more(STEP), [path]);
  useEffect(() => {
    const stop = new AbortController();
    const start = state.path === path && state.turn === turn ? state.rows.length : 0;
    const count = Math.min(MOST, Math.max(STEP, wanted - start));
    get(path + query({ start, count }).replace("?", "&"), { signal: stop.signal }).then(
      (found) => set((old) => ({ path, turn, total: found.total, rows: [...old.rows.slice(0, start), ...found.rows], error: null })),
      (error) => { if (error.name !== "AbortError") set((old) => ({ ...old, error })); });
    return () => stop.abort();
  }, [path, turn, wanted]);
  if (state.error) return html`<${Problem} error=${state.error} />`;
  if (state.path !== path) return html`<${Loading} />`;
  if (!state.total) return html`<p class="muted">${t("compare.no_rows")}</p>`;
  return html`<ol class="compare-rows">${state.rows.map((row) => html`<${Row} key=${row.id} row=${row} models=${models} data=${data} project=${project} />`)}</ol>
    ${state.rows.length < state.total && html`<${Button} onClick=${() => more(wanted + STEP)}>${t("compare.more", { shown: count(state.rows.length), total: count(state.total) })}<//>`}`;
}

const Row = ({ row, models, data, project }) => html`<li class="compare-row">
  <div class="compare-row-id"><a href=${href(project, "sheet", { query: { row: row.id } })}><bdi>${row.id}</bdi></a></div>
  <div class="compare-row-body"><p class="compare-shown" dir="auto">${row.shown}</p>
    ${row.target && html`<p class="small"><span class="muted">${t("compare.target")}</span> <bdi>${row.target}</bdi></p>`}
    <dl class="compare-answers">${row.answers.map((answer, i) => html`<div>
      <dt><${Name} data=${data} model=${models[i]} /> <${Mark} score=${answer.score} /></dt>
      <dd dir="auto">${answer.text || html`<span class="muted">${t("compare.blank")}</span>`}
        ${answer.reasons.length > 0 && html`<div class="muted small">${answer.reasons.join(" ")}</div>`}</dd></div>`)}</dl></div></li>`;

function Mark({ score }) {
  if (score === null) return null;
  if (score === 1) return html`<span class="compare-mark right"><span aria-hidden="true">✓ </span>${t("compare.right")}</span>`;
  if (score === 0) return html`<span class="compare-mark wrong"><span aria-hidden="true">✗ </span>${t("compare.wrong")}</span>`;
  return html`<span class="compare-mark">${t("compare.score", { score })}</span>`;
}
