// The sheet: rows by data columns and candidates. This file joins its parts; each does one thing in `sheet/`.

import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { del, get, of } from "../lib/api.js";
import { useStyles, useTitle } from "../lib/hooks.js";
import { requery } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Button, Dialog, Empty, Loading, Problem } from "../parts/basic.js";
import { RunDialog } from "../parts/job.js";
import { AddColumn } from "./sheet/add_column.js";
import { AddRows } from "./sheet/add_rows.js";
import { follow } from "./sheet/changes.js";
import { columnItems } from "./sheet/column_menu.js";
import { Grid } from "./sheet/grid.js";
import { PopMenu } from "./sheet/menu.js";
import { titleOf } from "./sheet/names.js";
import { NothingRun } from "./sheet/nothing.js";
import { Panel } from "./sheet/panel.js";
import { PromptDialog } from "./sheet/prompt.js";
import { Rows } from "./sheet/rows.js";
import { shortName, visible } from "./sheet/text.js";
import { Chips, Toolbar } from "./sheet/toolbar.js";
import { ASKED, keepLook, look as lookOf, viewOf } from "./sheet/view.js";

const COUNTS_EVERY = 2500; // ms between looks at counts and quality while cells arrive

export default function Sheet({ route, project }) {
  useTitle(t("nav.sheet"), project);
  const styled = useStyles("sheet");
  const view = viewOf(route.query);
  const asked = JSON.stringify(view);
  const rows = useMemo(() => new Rows(project), [project]);
  const [sheet, setSheet] = useState(null);
  const [turn, again] = useState(0);
  const [error, fail] = useState(null);
  const [ready, setReady] = useState(false);
  const grid = useRef(null);
  const reload = () => again((n) => n + 1);

  // The sheet and its first rows, side by side.
  useEffect(() => {
    let here = true;
    Promise.all([get(of(project, "sheet")), rows.open(view)]).then(([found]) => {
      if (!here) return;
      setSheet((old) => ({ ...found, quality: old?.quality, loaded: turn })); fail(null); setReady(true);
      if (grid.current) { grid.current.columns(found, lookOf(project)); grid.current.renew(); }
    }, (problem) => here && fail(problem));
    return () => { here = false; };
  }, [project, turn]);

  // Another view of the rows: the old one stays until the new one is here.
  const before = useRef(asked);
  useEffect(() => {
    if (before.current === asked) return;
    before.current = asked;
    rows.open(view).then((opened) => { if (opened) { fail(null); grid.current?.renew({ top: true }); setReady((n) => n + 1); } }, fail);
  }, [asked]);

  if (error && !sheet) return html`<div class="page-inner"><${Problem} error=${error} retry=${reload} /></div>`;
  if (!sheet || !ready || !styled) return html`<${Loading} as="sheet" />`;
  return html`<${Table} key=${project} project=${project} sheet=${sheet} rows=${rows} view=${view} error=${error} grid=${grid} reload=${reload} onSheet=${setSheet} />`;
}

function Table({ project, sheet, rows, view, error, grid, reload, onSheet }) {
  const [look, setLook] = useState(() => lookOf(project));
  const [columns, setColumns] = useState([]);
  const [selected, select] = useState([]);
  const [open, show] = useState(null); // the cell in the panel: {id, index, column, grab}
  useEffect(() => { if (open) grid.current.show(open); }, [open === null]); // the sheet is narrower then
  const [touched, touch] = useState(0);
  const [menu, setMenu] = useState(null);
  const [dialog, setDialog] = useState(null); // {kind, ...}
  const [said, say] = useState(null);
  const [dragged, drag] = useState(false);
  const follower = useRef(null);
  const shown = useRef(null);
  shown.current = open;
  const close = () => setDialog(null);

  const keep = (changes) => setLook((old) => { const next = { ...old, ...changes }; keepLook(project, next); return next; });
  const keepColumns = () => { const next = grid.current.state(); setColumns(next); keep({ columns: next }); };

  const recount = useRecount(project, onSheet);
  useEffect(() => {
    follower.current = follow(project, sheet, {
      cells(cells) {
        const changed = rows.apply(cells, (id) => grid.current?.shown(id));
        if (changed.size) grid.current?.changed(changed);
        if (shown.current && cells.some((one) => one.row === shown.current.id)) touch((n) => n + 1);
        recount();
      },
      running: () => recount(),
      reset: reload,
    });
    if (grid.current) setColumns(grid.current.state());
    recount();
    return () => follower.current.stop();
  }, [project, sheet.stamp, sheet.loaded]);

  const setView = (changes) => requery(changes);
  const run = (options) => setDialog({ kind: "run", options });
  const step = async (dx, dy) => {
    const at = shown.current;
    if (!at) return;
    const answers = grid.current.answers();
    const index = Math.min(rows.total - 1, Math.max(0, at.index + dy));
    const place = answers.indexOf(at.column);
    const column = dx ? answers[Math.min(answers.length - 1, Math.max(0, place + dx))] ?? at.column : at.column;
    const row = await rows.at(index);
    if (!row) return;
    grid.current.show({ index, column });
    show({ ...at, id: row.id, index, column });
  };
  const leave = () => { const at = open; show(null); if (at) grid.current.focus(at); };
  const remove = async () => {
    try { await del(of(project, "candidates", dialog.name)); close(); reload(); } catch (problem) { setDialog({ ...dialog, error: problem }); }
  };
  const closeMenu = (back) => { const { id } = menu; setMenu(null); if (back) grid.current.focusHead(id); };

  const gridOn = {
    ready(handle) { grid.current = handle; setColumns(handle.state()); },
    open: ({ index, id, column }) => { if (id !== undefined && column.includes(":")) show({ index, id, column, grab: Date.now() }); },
    focused: ({ index, id, column }) => { if (shown.current && id !== undefined && column.includes(":")) show({ index, id, column }); },
    sort: (sort) => setView({ sort }),
    menu: (id, anchor) => setMenu({ id, anchor }),
    selected: select, looked: (state) => { setColumns(state); keep({ columns: state }); },
    copy: ({ id, column }) => get(of(project, "rows", id)).then((found) => {
      const name = column.slice(column.indexOf(":") + 1);
      copied(column.startsWith("data:") ? String(found.values[name] ?? "") : found.cells[name]?.text ?? "", say);
    }, () => {}), // the frame tells that the server is gone
  };
  const panelOn = {
    close: leave, step, run, copy: (text) => copied(text, say),
    changed: (row, name, cell) => { grid.current.changed(rows.apply([{ row, candidate: name, ...cell }], grid.current.shown)); touch((n) => n + 1); },
  };
  const owed = Object.values(sheet.counts).reduce((sum, one) => sum + one.missing, 0);
  const items = menu && columnItems(menu.id, { grid: grid.current, view, sheet, on: { sort: gridOn.sort, run, remove: (name) => setDialog({ kind: "remove", name }), changed: keepColumns } });
  const added = () => { close(); reload(); };
  const firstRow = selected[0] ?? rows.blocks.get(0)?.[0]?.id ?? null;
  const dragging = (on) => (event) => { if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); drag(on); } };

  useEffect(() => {
    const keys = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "f" && !document.querySelector("dialog[open]")) { event.preventDefault(); document.querySelector("[data-find]")?.focus(); }
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);

  return html`<h1 class="hidden">${t("nav.sheet")} ${project}</h1>
    <${Toolbar} sheet=${sheet} view=${view} columns=${columns} height=${look.height} selected=${selected} owed=${owed} on=${{
      run, view: setView, addColumn: () => setDialog({ kind: "column" }), addRows: () => setDialog({ kind: "rows" }), prompt: () => setDialog({ kind: "prompt" }),
      height: (height) => { keep({ height }); grid.current.height(height); }, hide: (id, hide) => { grid.current.set(id, { hide }); keepColumns(); },
      down: () => { const first = columns.find((one) => !one.hide); if (rows.total && first) grid.current.focus({ index: 0, column: first.id }); },
    }} />
    <${Chips} view=${view} total=${rows.total} of=${sheet.n_rows} onView=${setView} />
    <${Problem} error=${error} retry=${reload} />
    <${NothingRun} project=${project} sheet=${sheet} owed=${owed} onRun=${() => run({})} />
    <div class=${`sheet-body ${look.height}`} onDragEnter=${dragging(true)} onDragOver=${dragging(true)} onDragLeave=${(event) => { if (!event.currentTarget.contains(event.relatedTarget)) drag(false); }}
      onDrop=${(event) => { const file = event.dataTransfer?.files[0]; if (file) { event.preventDefault(); drag(false); setDialog({ kind: "rows", file }); } }}>
      <${Grid} sheet=${sheet} rows=${rows} view=${view} look=${look} open=${open} label=${t("sheet.label")} on=${gridOn} />
      ${rows.total === 0 && html`<div class="no-rows"><${Empty} title=${t(sheet.n_rows ? "sheet.none_found" : "sheet.no_rows")}
        action=${sheet.n_rows ? html`<${Button} onClick=${() => setView(Object.fromEntries(ASKED.map((one) => [one, null])))}>${t("sheet.filter.clear")}<//>`
    : html`<${Button} kind="primary" onClick=${() => setDialog({ kind: "rows" })}>${t("sheet.add_rows")}<//>`}>${t(sheet.n_rows ? "sheet.none_found_hint" : "sheet.no_rows_hint")}<//></div>`}
      ${open && html`<${Panel} project=${project} sheet=${sheet} at=${open} turn=${touched} on=${panelOn} />`}
      ${dragged && html`<div class="drop-here" aria-hidden="true"><p>${t("sheet.rows.drop")}</p></div>`}
    </div>
    <div class="hidden" role="status">${said}</div>
    ${menu && html`<${PopMenu} label=${t("sheet.column_menu", { name: titleOf(menu.id) })} items=${items} anchor=${menu.anchor} onClose=${closeMenu} />`}
    ${dialog?.kind === "run" && html`<${RunDialog} project=${project} ...${dialog.options} onClose=${(started) => { close(); if (started) follower.current.now(); }} />`}
    ${dialog?.kind === "column" && html`<${AddColumn} project=${project} sheet=${sheet} row=${firstRow} onClose=${close} onAdded=${added} />`}
    ${dialog?.kind === "rows" && html`<${AddRows} project=${project} sheet=${sheet} file=${dialog.file} onClose=${close} onAdded=${added} />`}
    ${dialog?.kind === "prompt" && html`<${PromptDialog} project=${project} sheet=${sheet} row=${firstRow} onClose=${close} onSaved=${added} />`}
    ${dialog?.kind === "remove" && html`<${Dialog} title=${t("sheet.remove")} onClose=${close}
      footer=${html`<${Button} onClick=${close}>${t("app.cancel")}<//><${Button} kind="danger" onClick=${remove}>${t("sheet.remove")}<//>`}>
      <p>${t("sheet.remove_hint", { name: visible(shortName(dialog.name)) })}</p><${Problem} error=${dialog.error} /><//>`}`;
}

/** Counts and quality again, at most every two seconds, and once more after the last change. */
function useRecount(project, onSheet) {
  const timer = useRef(null);
  const last = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    if (timer.current) return;
    timer.current = setTimeout(async () => {
      timer.current = null;
      last.current = Date.now();
      try {
        const { counts, quality } = await get(of(project, "standing"));
        onSheet((old) => ({ ...old, counts, quality }));
      } catch { /* the next change asks again */ }
    }, Math.max(250, last.current + COUNTS_EVERY - Date.now()));
  };
}

/** Without a secure connection there is no clipboard to write to, only the old command. */
async function copied(text, say) {
  try { await navigator.clipboard.writeText(text); } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "hidden" });
    const back = document.activeElement;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    back?.focus();
  }
  say(t("sheet.copied"));
}
