// The head of a column: what it is, how it does so far, how the rows are sorted, and a menu.

import { percent, t } from "../../lib/words.js";
import { about, sortKeys, titleOf } from "./names.js";
import { shortName, visible } from "./text.js";
import { nextSort, sortOf } from "./view.js";

const make = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text ?? "" });

export class Header {
  init({ column, eGridHeader, context }) {
    Object.assign(this, { id: column.getColId(), cell: eGridHeader, context });
    this.gui = make("div", "head-cell");
    context.heads.add(this);
    this.draw();
  }

  getGui() { return this.gui; }

  refresh() { this.draw(); return true; }

  destroy() { this.context.heads.delete(this); }

  /** Draw it again: an answer came, or the order changed. */
  draw() {
    const { id, context } = this;
    const { kind, name } = about(id);
    const { sheet, view } = context.now();
    const way = sortOf(view.sort, sortKeys(id));
    this.cell.setAttribute("aria-sort", way === "asc" ? "ascending" : way === "desc" ? "descending" : "none");
    if (!id.includes(":")) {
      this.gui.replaceChildren(make("span", "hidden", titleOf(id)));
      return;
    }
    const title = make("button", "head-name");
    Object.assign(title, { type: "button", tabIndex: -1, title: titleOf(id) });
    const text = make("bdi", "", titleOf(id));
    title.append(text);
    if (way) {
      const sign = make("span", "sort-sign", way === "asc" ? "↑" : "↓");
      sign.setAttribute("aria-hidden", "true");
      title.append(sign);
    }
    title.addEventListener("click", () => context.sort(nextSort(view.sort, sortKeys(id)[0])));
    const menu = make("button", "head-menu", "⋯");
    Object.assign(menu, { type: "button", tabIndex: -1 });
    menu.setAttribute("aria-label", t("sheet.column_menu", { name: titleOf(id) }));
    menu.setAttribute("aria-haspopup", "menu");
    menu.addEventListener("click", () => context.menu(id, menu));
    const line = make("div", "head-line");
    line.append(title, menu);
    const parts = [line];
    if (kind === "answer") parts.push(...candidateLines(sheet, name));
    this.gui.replaceChildren(...parts);
  }
}

function candidateLines(sheet, name) {
  const candidate = sheet.candidates.find((one) => one.name === name);
  if (!candidate) return [];
  const lines = [Object.assign(make("div", "head-build", visible(originOf(candidate))), {
    title: visible([candidate.model, candidate.build, candidate.via === "embedded" ? t("sheet.here_hint") : candidate.via].filter(Boolean).join(" · ")) })];
  if (candidate.error) lines.push(make("div", "head-error", candidate.error));
  else lines.push(standing(sheet, name));
  return lines;
}

/** Model, build and route in a line: what the name does not say already. */
function originOf({ name, model, build, via }) {
  let route = via === "embedded" ? t("sheet.here") : via;
  try { route = new URL(via).host; } catch { /* a preset's name */ }
  const own = build?.split(" ")[0]; // without the file's digest
  const parts = [model && !name.includes(shortName(model)) ? shortName(model) : null, own && !name.includes(own) && !route.startsWith(own) ? own : null, route];
  return parts.filter(Boolean).join(" · ");
}

/** How well it does so far, interval first, or how many answers there are. */
function standing(sheet, name) {
  const node = make("div", "head-standing");
  const quality = sheet.quality?.[name];
  const counts = sheet.counts[name];
  if (quality) {
    node.append(make("strong", "", percent(quality.value, 0)), " ");
    node.append(make("span", "", t("sheet.interval", { low: Math.round(quality.low * 100), high: Math.round(quality.high * 100) })));
    node.title = t("sheet.interval_hint");
  } else if (counts) node.append(make("span", "", t("sheet.answered", { n: counts.answered })));
  return node;
}
