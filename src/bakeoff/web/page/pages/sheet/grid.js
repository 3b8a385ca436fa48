// The sheet itself: AG Grid over `Rows`. It shows, moves the focus and tells what the reader did; it decides nothing.

import { html, useEffect, useRef } from "../../vendor/preact.js";
import {
  CellApiModule, ColumnApiModule, createGrid, EventApiModule, InfiniteRowModelModule, LocaleModule, ModuleRegistry,
  RenderApiModule, RowApiModule, RowSelectionModule, ScrollApiModule, themeQuartz,
} from "../../vendor/grid.js";
import { t } from "../../lib/words.js";
import { columnDefs } from "./columns.js";
import { Header } from "./header.js";
import { about } from "./names.js";
import { BLOCK } from "./rows.js";
import { HEIGHTS } from "./view.js";

ModuleRegistry.registerModules([
  CellApiModule, ColumnApiModule, EventApiModule, InfiniteRowModelModule, LocaleModule, RenderApiModule, RowApiModule,
  RowSelectionModule, ScrollApiModule,
]);

const theme = themeQuartz.withParams({
  accentColor: "var(--accent)", backgroundColor: "var(--paper)", foregroundColor: "var(--ink)", borderColor: "var(--line)",
  browserColorScheme: "inherit", fontFamily: "inherit", fontSize: 14, headerBackgroundColor: "var(--paper)",
  headerTextColor: "var(--ink)", headerFontWeight: 600, rowHoverColor: "var(--soft)", selectedRowBackgroundColor: "var(--wash)",
  wrapperBorder: false, wrapperBorderRadius: 0, borderRadius: 4, cellHorizontalPadding: 14, columnBorder: { color: "var(--line)" },
  headerColumnBorder: { color: "var(--line)" }, headerColumnResizeHandleColor: "transparent", headerRowBorder: { color: "var(--strong-line)" },
  rangeSelectionBorderColor: "var(--accent)", checkboxUncheckedBorderColor: "var(--strong-line)",
});

const WORDS = ["ariaRowSelect", "ariaRowToggleSelection", "ariaRowSelectAll", "ariaRowDeselect", "ariaSelectionColumn", "ariaDragColumn", "loadingOoo", "noRowsToShow"];

/**
 * @param {object} sheet columns and candidates.
 * @param {import("./rows.js").Rows} rows of the present view, opened.
 * @param {object} look {height, columns} at the start.
 * @param {object} on {ready, open, sort, menu, selected, looked, focused, copy}.
 */
export function Grid({ sheet, view, rows, look, open, label, on }) {
  const box = useRef(null);
  const grid = useRef(null);
  const now = useRef(null);
  now.current = { sheet, view, open, on };

  useEffect(() => {
    const context = {
      heads: new Set(), now: () => now.current,
      sort: (value) => now.current.on.sort(value), menu: (id, anchor) => now.current.on.menu(id, anchor),
    };
    const api = createGrid(box.current, options({ context, sheet, rows, look, now }), { });
    grid.current = handle(api, rows, context);
    now.current.on.ready(grid.current);
    return () => { grid.current = null; api.destroy(); };
  }, []);

  useEffect(() => { grid.current?.heads(); }, [sheet.counts, sheet.quality, view.sort]);
  useEffect(() => {
    if (!open) return undefined;
    grid.current.draw(open);
    return () => { now.current.open = null; grid.current?.draw(open); };
  }, [open?.id, open?.column]);

  return html`<div class="sheet-grid" ref=${box} aria-label=${label}></div>`;
}

function options({ context, sheet, rows, look, now }) {
  const tell = (name, ...values) => now.current.on[name](...values);
  const place = ({ rowIndex, column, data }) => ({ index: rowIndex, id: data?.id, column: column.getColId() });
  const looked = ({ api, source, finished = true }) => {
    if (finished && source !== "api" && source !== "gridInitializing") tell("looked", columnsOf(api));
  };
  return {
    theme, context, styleNonce: document.querySelector("meta[property=csp-nonce]")?.nonce,
    columnDefs: columnDefs(sheet, look, sample(rows)), defaultColDef: { resizable: true, suppressKeyboardEvent: (params) => key(params, tell, place), suppressHeaderKeyboardEvent: (params) => headKey(params, context) },
    rowModelType: "infinite", datasource: source(rows), cacheBlockSize: BLOCK, maxBlocksInCache: 36, infiniteInitialRowCount: Math.max(1, rows.total),
    maxConcurrentDatasourceRequests: -1, cacheOverflowSize: 1, rowBuffer: 4, getRowId: ({ data }) => data.id,
    rowHeight: HEIGHTS[look.height], headerHeight: 82, animateRows: false, suppressColumnMoveAnimation: true,
    rowSelection: { mode: "multiRow", checkboxes: true, headerCheckbox: false, enableClickSelection: false },
    selectionColumnDef: { width: 44, resizable: false, pinned: "left", lockPosition: "left", headerComponent: Header },
    localeText: Object.fromEntries(WORDS.map((name) => [name, t(`sheet.grid.${name}`)])), suppressDragLeaveHidesColumns: true,
    maintainColumnOrder: true, ensureDomOrder: true,
    onCellDoubleClicked: (event) => { if (event.column.getColId() !== "place") tell("open", place({ ...event, data: event.node.data })); },
    onCellFocused: ({ rowIndex, column, api }) => {
      if (rowIndex !== null && column?.getColId) tell("focused", place({ rowIndex, column, data: api.getDisplayedRowAtIndex(rowIndex)?.data }));
    },
    onSelectionChanged: ({ api }) => tell("selected", api.getSelectedNodes().map((node) => node.id)),
    onColumnResized: looked, onColumnMoved: looked, onColumnVisible: looked, onColumnPinned: looked,
  };
}

const source = (rows) => ({
  getRows({ startRow, successCallback, failCallback }) {
    const found = rows.block(Math.floor(startRow / BLOCK));
    if (Array.isArray(found)) successCallback(found, rows.total);
    else found.then((block) => successCallback(block, rows.total), failCallback);
  },
});

const sample = (rows) => rows.blocks.get(0) ?? [];

const columnsOf = (api) => api.getColumnState().filter(({ colId }) => colId.includes(":")).map(
  ({ colId, width, hide, pinned }) => ({ id: colId, width, hide, pinned: pinned ?? null }));

/** Enter and Space open the cell; Ctrl+C takes its whole text. The grid keeps every other key. */
function key({ event, column, node, api }, tell, place) {
  const id = column.getColId();
  if (!id.includes(":") || event.isComposing) return false;
  const here = place({ rowIndex: node.rowIndex, column, data: node.data });
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    tell("open", here);
    return true;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "c" && String(getSelection()) === "") { tell("copy", here); return true; }
  return false;
}

/** Enter, Space or Alt+Down on a head opens its menu. */
function headKey({ event, column }, context) {
  if (!column || !about(column.getColId()).name) return false;
  if (event.key === "Enter" || event.key === " " || (event.altKey && event.key === "ArrowDown")) {
    event.preventDefault();
    context.menu(column.getColId(), event.target);
    return true;
  }
  return false;
}

/** What the page does with its grid. */
function handle(api, rows, context) {
  const columnOf = (candidate) => [`answer:${candidate}`, `score:${candidate}`];
  return {
    api,
    /** Show the rows again: their view changed. */
    renew({ top = false } = {}) {
      api.setGridOption("infiniteInitialRowCount", Math.max(1, rows.total));
      api.setGridOption("datasource", source(rows));
      if (top && rows.total) api.ensureIndexVisible(0, "top");
      for (const head of context.heads) head.draw();
    },
    columns(sheet, look) { api.setGridOption("columnDefs", columnDefs(sheet, look, sample(rows))); },
    height(name) { api.setGridOption("rowHeight", HEIGHTS[name]); api.setGridOption("datasource", source(rows)); },
    heads() { for (const head of context.heads) head.draw(); },
    shown: (id) => api.getRowNode(id)?.data,
    /** Draw the changed cells that are in sight. */
    changed(touched) {
      for (const node of api.getRenderedNodes()) {
        const names = node.id === undefined ? undefined : touched.get(node.id);
        if (names) api.refreshCells({ rowNodes: [node], columns: [...names].flatMap(columnOf), force: true, suppressFlash: true });
      }
    },
    focus({ index, column }) {
      api.ensureIndexVisible(index);
      api.ensureColumnVisible(column);
      api.setFocusedCell(index, column);
    },
    /** Draw one cell again, if it is in sight. */
    draw({ id, column }) {
      const node = api.getRowNode(id);
      if (node) api.refreshCells({ rowNodes: [node], columns: [column], force: true, suppressFlash: true });
    },
    show({ index, column }) { api.ensureIndexVisible(index); api.ensureColumnVisible(column); },
    /** Ids of the columns with answers, as they stand from left to right. */
    answers: () => api.getAllDisplayedColumns().map((one) => one.getColId()).filter((id) => about(id).kind === "answer"),
    state: () => columnsOf(api),
    set: (id, state) => api.applyColumnState({ state: [{ colId: id, ...state }] }),
    /** One place to the left or right among the columns of the same side. */
    move(id, step) {
      const all = api.getAllDisplayedColumns().map((one) => one.getColId());
      const beside = all[all.indexOf(id) + step];
      if (beside === undefined || !beside.includes(":")) return;
      const order = api.getAllGridColumns().map((one) => one.getColId());
      api.moveColumns([id], order.indexOf(beside));
    },
    selected: () => api.getSelectedNodes().map((node) => node.id),
    clear: () => api.deselectAll(),
    focusHead: (id) => api.setFocusedHeader?.(id),
  };
}
