// Above the sheet: run, add, find, filter, and how it is shown.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useOpened } from "../../lib/hooks.js";
import { t } from "../../lib/words.js";
import { Button, Checkbox, Menu, Segmented, Select } from "../../parts/basic.js";
import { about, titleOf } from "./names.js";
import { shortName, visible } from "./text.js";
import { HEIGHTS } from "./view.js";

const STATES = ["wrong", "disagree", "failed", "missing", "corrected", "answered", "right"];

function Find({ value, onFind, onDown }) {
  const [text, set] = useState(value);
  const composing = useRef(false);
  const timer = useRef(null);
  useEffect(() => { if (!composing.current) set(value); }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const later = (next) => { clearTimeout(timer.current); timer.current = setTimeout(() => onFind(next.trim() || null), 250); };
  return html`<input type="search" class="find" data-find aria-label=${t("sheet.find")} placeholder=${t("sheet.find")} value=${text} maxlength="200"
    onCompositionStart=${() => { composing.current = true; }} onCompositionEnd=${(event) => { composing.current = false; later(event.target.value); }}
    onKeyDown=${(event) => { if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); clearTimeout(timer.current); onFind(text.trim() || null); onDown(); } }}
    onInput=${(event) => { set(event.target.value); if (!composing.current) later(event.target.value); }} />`;
}

/** A button that shows or hides what belongs to it; Escape and a click elsewhere close it. */
function Popover({ label, badge, children }) {
  const [open, set] = useState(false);
  const box = useRef(null);
  useOpened(box, open, () => set(false), ".popover input, .popover select, .popover button");
  const keys = (event) => { if (event.key === "Escape" && open) { event.stopPropagation(); set(false); box.current.querySelector("button").focus(); } };
  return html`<div class="menu" ref=${box} onKeyDown=${keys}>
    <${Button} aria-expanded=${open} onClick=${() => set(!open)}>${label}${badge && html`<span class="count">${badge}</span>`}<//>
    ${open && html`<div class="popover" role="group" aria-label=${label}>${children}</div>`}</div>`;
}

function Filter({ sheet, view, onView }) {
  const [column, value] = (view.where ?? "").includes(":") ? [view.where.slice(0, view.where.indexOf(":")), view.where.slice(view.where.indexOf(":") + 1)] : ["", ""];
  const [text, write] = useState(value);
  const [where, pick] = useState(column);
  const apply = (name, word) => onView({ where: name && word !== "" ? `${name}:${word}` : null });
  return html`
    <${Select} label=${t("sheet.filter.state")} value=${view.state ?? ""} onChange=${(state) => onView({ state: state || null })}
      options=${[["", t("sheet.filter.all")], ...STATES.map((one) => [one, t(`sheet.filter.${one}`)])]} />
    ${sheet.candidates.length > 1 && view.state !== "disagree" && html`<${Select} label=${t("sheet.filter.candidate")} value=${view.candidate ?? ""} onChange=${(name) => onView({ candidate: name || null })}
      options=${[["", t("sheet.filter.any_candidate")], ...sheet.candidates.map(({ name }) => [name, visible(shortName(name))])]} />`}
    <${Select} label=${t("sheet.filter.column")} value=${where} onChange=${(name) => { pick(name); apply(name, text); }}
      options=${[["", t("sheet.filter.no_column")], ...sheet.data_columns.filter((one) => one.kind !== "image").map(({ name }) => [name, visible(name)])]} />
    ${where !== "" && html`<form class="row where" onSubmit=${(event) => { event.preventDefault(); apply(where, text); }}>
      <input aria-label=${t("sheet.filter.value")} placeholder=${t("sheet.filter.value")} value=${text} onInput=${(event) => write(event.target.value)} />
      <${Button} small type="submit">${t("sheet.filter.apply")}<//></form>`}
    <${Button} kind="quiet" small onClick=${() => { pick(""); write(""); onView({ state: null, candidate: null, where: null, row: null }); }}>${t("sheet.filter.clear")}<//>`;
}

function Columns({ columns, height, onHeight, onHide }) {
  return html`<${Segmented} label=${t("sheet.height.label")} value=${height} onChange=${onHeight} options=${Object.keys(HEIGHTS).map((one) => [one, t(`sheet.height.${one}`)])} />
    <fieldset class="shown-columns"><legend>${t("sheet.columns")}</legend>${columns.map((one) => html`<${Checkbox} key=${one.id} label=${html`<bdi>${titleOf(one.id)}</bdi>`}
      checked=${!one.hide} onChange=${(on) => onHide(one.id, !on)} />`)}</fieldset>`;
}

/** The filters that are on, each with what takes it off. */
export function Chips({ view, total, of, onView }) {
  const chips = [
    view.find && ["find", t("sheet.chip.find", { text: visible(view.find) })],
    view.state && ["state", t(`sheet.filter.${view.state}`)],
    view.candidate && view.state && ["candidate", visible(shortName(view.candidate))],
    view.where && ["where", visible(view.where.replace(":", " = "))],
    view.row && ["row", t("sheet.chip.row", { id: visible(view.row) })],
  ].filter(Boolean);
  if (!chips.length) return null;
  return html`<div class="chips"><span role="status">${t("sheet.found", { n: total, of })}</span>${chips.map(([name, text]) => html`
    <button type="button" class="chip" key=${name} onClick=${() => onView({ [name]: null })} aria-label=${t("sheet.chip.off", { text })}><bdi>${text}</bdi> <span aria-hidden="true">×</span></button>`)}</div>`;
}

/**
 * @param {object} on {run, addColumn, addRows, prompt, view, height, hide, down}.
 */
export function Toolbar({ sheet, view, columns, height, selected, owed, on }) {
  const failed = Object.values(sheet.counts).reduce((sum, one) => sum + one.failed, 0);
  const runs = [
    { text: owed ? t("sheet.run.rest", { n: owed }) : t("sheet.run.choose"), onClick: () => on.run({}) },
    selected.length && { text: t("sheet.run.rows", { n: selected.length }), onClick: () => on.run({ rows: selected }) },
    failed && { text: t("sheet.run.failed", { n: failed }), onClick: () => on.run({ retry_failed: true }) },
    ...sheet.candidates.filter(({ name }) => sheet.counts[name]?.missing && sheet.counts[name].missing < owed).map(({ name }) => ({ text: t("sheet.run.only", { name: visible(shortName(name)) }), onClick: () => on.run({ only: [name] }) })),
  ].filter(Boolean);
  const filters = ["state", "where", "row"].filter((one) => view[one]).length;
  return html`<div class="toolbar" role="toolbar" aria-label=${t("sheet.toolbar")}>
    <${Menu} label=${html`${t("sheet.run.title")} <span aria-hidden="true">▾</span>`} kind="primary" items=${runs} />
    <${Button} onClick=${on.addColumn}>${t("sheet.add_column")}<//>
    <${Button} onClick=${on.addRows}>${t("sheet.add_rows")}<//>
    <${Button} onClick=${on.prompt}>${t("sheet.prompt")}<//>
    <div class="right">
      <${Find} value=${view.find ?? ""} onFind=${(find) => on.view({ find })} onDown=${on.down} />
      <${Popover} label=${t("sheet.filter.title")} badge=${filters || null}><${Filter} sheet=${sheet} view=${view} onView=${on.view} /><//>
      <${Popover} label=${t("sheet.shown")}><${Columns} columns=${columns.filter((one) => about(one.id).kind !== "place")} height=${height} onHeight=${on.height} onHide=${on.hide} /><//>
    </div></div>`;
}
