// One cell in full, at the side: what was asked, what came back, how it was graded, and what a person says of it.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { of } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { decimal, money, ms, percent, t } from "../../lib/words.js";
import { Badge, Button, Loading, Problem, Segmented } from "../../parts/basic.js";
import { Markdown } from "../../parts/markdown.js";
import { Correction, Thumbs } from "./say.js";
import { verdict } from "./cells.js";
import { titleOf } from "./names.js";
import { visible } from "./text.js";

const SHOWN = 100_000; // characters drawn at once; the rest on demand

/** A long text: its beginning, and the rest on demand. */
function Long({ text, draw }) {
  const [all, set] = useState(false);
  const short = !all && text.length > SHOWN;
  return html`${draw(short ? text.slice(0, SHOWN) : text)}
    ${short && html`<${Button} small onClick=${() => set(true)}>${t("sheet.panel.show_all", { n: text.length })}<//>`}`;
}

const Raw = ({ text }) => html`<${Long} text=${visible(text)}
  draw=${(part) => html`<div class="model-text plain-text" dir="auto">${part}</div>`} />`;

function Answer({ text, mode }) {
  if (mode === "raw") return html`<${Raw} text=${text} />`;
  return html`<${Long} text=${visible(text)} draw=${(part) => html`<${Markdown} text=${part} />`} />`;
}

function Facts({ cell }) {
  const facts = [
    ["tokens", cell.output_tokens ?? cell.tokens, (n) => t("sheet.panel.tokens_of", { output: n, prompt: cell.prompt_tokens })],
    ["latency", cell.latency_ms, ms],
    ["first_token", cell.time_to_first_token_ms, ms],
    ["cost", cell.cost_usd, (usd) => (Number(usd) === 0 ? t("sheet.panel.free") : money(usd))],
    ["finish_reason", cell.finish_reason, visible],
    ["served_model", cell.served_model?.split(/[\\/](?=[^\\/]*\.gguf$)/).at(-1), visible], // of a file its name
    ["provider", cell.provider, visible],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="panel-facts">${facts.map(([name, value, show]) => html`<div><dt>${t(`sheet.panel.fact.${name}`)}</dt><dd>${show(value)}</dd></div>`)}</dl>`;
}

function Grade({ grade }) {
  const kind = { right: "good", wrong: "bad", part: "warn", none: "quiet" }[verdict(grade.score)];
  const shown = grade.score === null || grade.score === undefined ? "–" : kind === "warn" ? decimal(grade.score) : t(`sheet.verdict.${verdict(grade.score)}`);
  return html`<li><${Badge} kind=${kind}>${shown}<//> <span><strong>${visible(grade.grader)}</strong>${" "}
    <span class="muted" dir="auto">${visible(grade.text ?? "")}</span></span></li>`;
}

const Fold = ({ title, children, open }) => html`<details class="fold" open=${open}><summary>${title}</summary>${children}</details>`;

function CellBody({ project, row, name, cell, mode, onMode, on }) {
  const told = { missing: "sheet.state.missing", failed: "sheet.state.failed", blank: "sheet.state.blank", cut: "sheet.state.cut" }[cell.state];
  const text = cell.text ?? "";
  return html`
    ${told && html`<p class=${`panel-state ${cell.state}`}>${t(told)}${cell.error && html`: <span dir="auto">${visible(cell.error.message ?? cell.error)}</span>`}</p>`}
    ${cell.state === "missing" && html`<${Button} kind="primary" onClick=${() => on.run({ only: [name], rows: [row.id] })}>${t("sheet.run.cell")}<//>`}
    ${cell.state === "failed" && html`<${Button} kind="primary" onClick=${() => on.run({ only: [name], rows: [row.id], retry_failed: true })}>${t("sheet.panel.again")}<//>`}
    ${cell.thinking && html`<${Fold} title=${t("sheet.panel.thinking", { n: cell.thinking.length })}><${Raw} text=${cell.thinking} /><//>`}
    ${text !== "" && html`<div class="panel-answer"><${Answer} text=${text} mode=${mode} /></div>
      <div class="row panel-actions"><${Segmented} label=${html`<span class="hidden">${t("sheet.panel.mode")}</span>`} value=${mode} onChange=${onMode}
        options=${[["markdown", t("sheet.panel.formatted")], ["raw", t("sheet.panel.raw")]]} />
        <${Button} small onClick=${() => on.copy(text)}>${t("sheet.panel.copy")}<//></div>`}
    ${cell.state !== "missing" && html`<${Thumbs} project=${project} row=${row.id} name=${name} cell=${cell} onChanged=${on.changed} />`}
    ${(row.target ?? "") !== "" && html`<section><h3>${t("sheet.panel.target")}</h3><div class="panel-target" dir="auto">${visible(row.target)}</div></section>`}
    ${(cell.grades ?? []).length > 0 && html`<section><h3>${t("sheet.panel.grades")}</h3><ul class="grades">${cell.grades.map((one) => html`<${Grade} grade=${one} />`)}</ul></section>`}
    ${(cell.fault_reasons ?? []).length > 0 && html`<section><h3>${t("sheet.panel.faults")}</h3><ul class="faults">${cell.fault_reasons.map((one) => html`<li>${one.text}</li>`)}</ul></section>`}
    ${cell.state !== "missing" && cell.state !== "failed" && html`<${Correction} project=${project} row=${row.id} name=${name} cell=${cell} onChanged=${on.changed} onReload=${on.reload} />`}
    <section><${Facts} cell=${cell} /></section>
    ${cell.request && html`<${Fold} title=${t("sheet.panel.request")}><pre class="request" tabindex="0">${visible(cell.request)}</pre><//>`}
    ${(cell.repeats ?? []).length > 1 && html`<${Fold} title=${t("sheet.panel.repeats", { n: cell.repeats.length })}><ol class="repeats">${cell.repeats.map((one) => html`<li dir="auto">${visible(one.text ?? one.preview ?? "")} <span class="muted">${one.score === null || one.score === undefined ? "" : percent(one.score, 0)}</span></li>`)}</ol><//>`}`;
}

/**
 * @param {{id: string, column: string, index: number}} at the row and the column that are shown.
 * @param {number} turn grows whenever this row changed.
 * @param {object} on {close, step(dx, dy), run, changed, copy}.
 */
export function Panel({ project, sheet, at, turn, on }) {
  const box = useRef(null);
  const [mode, setMode] = useState("markdown");
  const detail = useFetch(of(project, "rows", at.id));
  useEffect(() => { if (turn) detail.reload(); }, [turn]);
  useEffect(() => { if (at.grab) box.current.focus({ preventScroll: true }); }, [at.grab]);
  useEffect(() => { if (box.current) box.current.scrollTop = 0; }, [at.id, at.column]);
  const keys = (event) => {
    if (event.key === "Escape") { event.preventDefault(); on.close(); return; }
    const writing = event.target.closest("input, textarea, select, pre, [role=radiogroup]");
    if (writing || event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const step = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] }[event.key];
    if (step) { event.preventDefault(); on.step(...step); }
  };
  const row = detail.data?.id === at.id ? detail.data : null;
  const name = at.column.slice(at.column.indexOf(":") + 1);
  const cell = at.column.startsWith("data:") ? null : row?.cells[name];
  const title = titleOf(at.column.startsWith("data:") ? at.column : `answer:${name}`);
  return html`<aside class="panel" tabindex="-1" ref=${box} onKeyDown=${keys} aria-label=${t("sheet.panel.label")}>
    <header><div><p class="muted small">${t("sheet.panel.row", { n: row?.n ?? at.index + 1 })} · <bdi>${visible(at.id)}</bdi></p><h2><bdi>${title}</bdi></h2></div>
      <div class="panel-tools">
        <button type="button" class="icon-button" aria-label=${t("sheet.panel.previous")} onClick=${() => on.step(0, -1)}>↑</button>
        <button type="button" class="icon-button" aria-label=${t("sheet.panel.next")} onClick=${() => on.step(0, 1)}>↓</button>
        <button type="button" class="icon-button" aria-label=${t("app.close")} onClick=${on.close}>×</button></div></header>
    <${Problem} error=${detail.error} retry=${detail.reload} />
    ${!row && !detail.error && html`<${Loading} />`}
    ${row && cell && html`<${CellBody} key=${`${at.id}/${name}`} project=${project} row=${row} name=${name} cell=${cell} mode=${mode} onMode=${setMode} on=${{ ...on, reload: detail.reload }} />`}
    ${row && html`<${RowData} row=${row} sheet=${sheet} project=${project} open=${!cell} />`}
  </aside>`;
}

/** The row's own columns, in full. */
function RowData({ row, sheet, project, open }) {
  const image = ({ name, kind }) => kind === "image" && row.values[name];
  return html`<${Fold} title=${t("sheet.panel.data")} open=${open}><dl class="panel-data">${sheet.data_columns.map((column) => html`
    <div><dt><bdi>${visible(column.name)}</bdi></dt><dd dir="auto">${image(column)
      ? html`<img alt=${t("sheet.image_alt", { row: row.n, column: column.name })} src=${`${of(project, "rows", row.id, "image")}?column=${encodeURIComponent(column.name)}`} />`
      : html`<${Raw} text=${String(row.values[column.name] ?? "")} />`}</dd></div>`)}</dl><//>`;
}

