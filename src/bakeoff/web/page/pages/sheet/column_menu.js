// What can be done with one column.

import { t } from "../../lib/words.js";
import { about, sortKeys } from "./names.js";

/**
 * @param {string} id of the column.
 * @param {object} grid the handle of grid.js.
 * @param {object} on {sort, run, remove, changed}.
 */
export function columnItems(id, { grid, view, sheet, on }) {
  const { kind, name } = about(id);
  const state = grid.state();
  const own = state.find((one) => one.id === id);
  const set = (column, values) => { grid.set(column, values); on.changed(); };
  const sorts = sortKeys(id).flatMap((key) => ["asc", "desc"].map((way) => ({
    text: t(`sheet.sort.${kind === "data" ? "data" : about(key).kind}.${way}`), checked: view.sort === `${key}:${way}`,
    onClick: () => on.sort(view.sort === `${key}:${way}` ? null : `${key}:${way}`),
  })));
  const items = [...sorts, null];
  if (kind === "answer") {
    const score = state.find((one) => one.id === `score:${name}`);
    items.push({ text: t("sheet.run.column"), onClick: () => on.run({ only: [name] }) });
    if (sheet.counts[name]?.failed) items.push({ text: t("sheet.run.column_failed", { n: sheet.counts[name].failed }), onClick: () => on.run({ only: [name], retry_failed: true }) });
    if (score) items.push({ text: t(score.hide ? "sheet.show_score" : "sheet.hide_score"), onClick: () => set(`score:${name}`, { hide: !score.hide }) });
    items.push(null);
  }
  items.push(
    { text: t("sheet.move_left"), onClick: () => { grid.move(id, -1); on.changed(); } },
    { text: t("sheet.move_right"), onClick: () => { grid.move(id, 1); on.changed(); } },
    { text: t(own?.pinned ? "sheet.unpin" : "sheet.pin"), onClick: () => set(id, { pinned: own?.pinned ? null : "left" }) },
    { text: t("sheet.hide"), onClick: () => set(id, { hide: true }) },
  );
  if (kind === "answer" && sheet.candidates.length > 1) items.push(null, { text: t("sheet.remove"), kind: "danger", onClick: () => on.remove(name) });
  return items;
}
