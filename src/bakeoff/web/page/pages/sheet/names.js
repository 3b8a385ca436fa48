// Columns by their ids: `place`, `data:COLUMN`, `answer:CANDIDATE`, `score:CANDIDATE`.

import { t } from "../../lib/words.js";
import { shortName, visible } from "./text.js";

/** What a column is about, by its id. */
export function about(id) {
  const cut = id.indexOf(":");
  return cut < 0 ? { kind: id, name: "" } : { kind: id.slice(0, cut), name: id.slice(cut + 1) };
}

/** What a reader calls the column. */
export function titleOf(id) {
  const { kind, name } = about(id);
  if (kind === "place") return t("sheet.place");
  if (!name) return t("sheet.grid.ariaSelectionColumn");
  if (kind === "score") return t("sheet.score_of", { name: visible(shortName(name)) });
  return visible(kind === "answer" ? shortName(name) : name);
}

/** The keys by which the rows can be sorted for a column. */
export function sortKeys(id) {
  const { kind, name } = about(id);
  if (kind === "data") return [name];
  if (kind === "answer") return [`score:${name}`, `answer:${name}`, `latency:${name}`];
  return kind === "score" ? [`score:${name}`] : [];
}
