// What stands in one cell, drawn without a framework: thousands of them come and go while one scrolls.

import { decimal, percent, t } from "../../lib/words.js";
import { of } from "../../lib/api.js";
import { visible } from "./text.js";

const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

/** right | wrong | part | none */
export const verdict = (score) => (score === null || score === undefined ? "none" : score >= 1 ? "right" : score <= 0 ? "wrong" : "part");
const SIGN = { right: "✓", wrong: "✗" };

/** The quiet mark before an answer: a sign for eyes, a word for ears. */
function mark(score) {
  const kind = verdict(score);
  const node = make("span", `mark ${kind}`);
  if (kind === "none") return node;
  const sign = make("span", "", SIGN[kind] ?? decimal(score));
  if (SIGN[kind]) {
    sign.setAttribute("aria-hidden", "true");
    node.append(sign, make("span", "hidden", t(`sheet.verdict.${kind}`)));
  } else node.append(sign);
  return node;
}

class Cell {
  init(params) {
    this.gui = make("div", "cell");
    this.refresh(params);
  }

  getGui() { return this.gui; }

  refresh(params) {
    if (params.data === undefined) {
      this.gui.className = "cell waiting";
      this.gui.replaceChildren(make("span", "bar"));
    } else {
      this.draw(params.data, params);
      const open = params.context.now().open;
      this.gui.classList.toggle("shown", open?.id === params.data.id && open.column === params.column.getColId());
    }
    return true;
  }
}

/** A candidate's answer: mark, text, what is the matter with it, what people said. */
export class AnswerCell extends Cell {
  draw(row, { candidate }) {
    const cell = row.cells[candidate];
    const state = cell?.state ?? "missing";
    this.gui.className = `cell answer ${state}`;
    if (state === "missing") { this.gui.replaceChildren(make("span", "told", t("sheet.state.missing"))); return; }
    const parts = [];
    if (state === "failed") parts.push(make("span", "told", t("sheet.state.failed")));
    else parts.push(mark(cell.score));
    if (state === "blank") parts.push(make("span", "told", t("sheet.state.blank")));
    const text = make("span", "text", visible(cell.preview ?? ""));
    text.dir = "auto";
    parts.push(text);
    const flags = [];
    if (state === "cut") flags.push(make("span", "told", t("sheet.state.cut")));
    if (cell.corrected) flags.push(make("span", "flag", t("sheet.corrected")));
    if (cell.thumb) flags.push(said(cell.thumb));
    if (flags.length) {
      const box = make("span", "flags");
      box.append(...flags);
      parts.push(box);
    }
    this.gui.replaceChildren(...parts);
  }
}

function said(thumb) {
  const node = make("span", `flag thumb-${thumb}`);
  const sign = make("span", "", thumb === "up" ? "▲" : "▼");
  sign.setAttribute("aria-hidden", "true");
  node.append(sign, make("span", "hidden", t(`sheet.thumb.${thumb}`)));
  return node;
}

/** A column of the data. */
export class DataCell extends Cell {
  draw(row, { column_name: name, kind, project }) {
    const value = row.values[name];
    if (kind === "image" && value) {
      const image = make("img");
      Object.assign(image, { alt: t("sheet.image_alt", { row: row.n, column: name }), loading: "lazy", decoding: "async", src: `${of(project, "rows", row.id, "image")}?column=${encodeURIComponent(name)}` });
      this.gui.className = "cell image";
      this.gui.replaceChildren(image);
      return;
    }
    const number = typeof value === "number";
    this.gui.className = `cell data${number ? " numeric" : ""}`;
    const text = make("span", "text", value === null || value === undefined ? "" : number ? decimal(value, 6) : visible(value));
    text.dir = "auto";
    this.gui.replaceChildren(text);
  }
}

/** A candidate's score, in a column of its own. */
export class ScoreCell extends Cell {
  draw(row, { candidate }) {
    const score = row.cells[candidate]?.score;
    this.gui.className = `cell score ${verdict(score)}`;
    this.gui.textContent = score === null || score === undefined ? "–" : percent(score, 0);
  }
}

/** The place of a row in the data. */
export class PlaceCell extends Cell {
  draw(row) {
    this.gui.className = "cell place";
    this.gui.textContent = String(row.n);
  }
}
