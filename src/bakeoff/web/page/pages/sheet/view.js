// How the sheet looks to this reader: columns (kept per project in the browser), rows asked for (kept in the address).

import { store, stored } from "../../lib/hooks.js";

/** Pixels of a row, and the lines of text that fit. */
export const HEIGHTS = { compact: 37, comfortable: 62, tall: 132 };

/** What of the address says which rows, and in which order. */
export const ASKED = ["find", "state", "candidate", "where", "sort", "row"];

/** @returns the rows' view that the address names. */
export const viewOf = (query) => Object.fromEntries(ASKED.filter((name) => query[name]).map((name) => [name, query[name]]));

const key = (project) => `sheet.${project}`;

/** {height, columns: [{id, width, hide, pinned}]} in their order. */
export function look(project) {
  const found = stored(key(project), {});
  return {
    height: found.height in HEIGHTS ? found.height : "comfortable",
    columns: Array.isArray(found.columns) ? found.columns : [],
  };
}

export const keepLook = (project, value) => store(key(project), value);

/** The next step of a header's click: ascending, descending, as in the data. */
export function nextSort(current, name) {
  if (current === `${name}:asc`) return `${name}:desc`;
  return current === `${name}:desc` ? null : `${name}:asc`;
}

/** asc | desc | null of a column of the view. */
export function sortOf(current, names) {
  for (const name of names) for (const way of ["asc", "desc"]) if (current === `${name}:${way}`) return way;
  return null;
}
