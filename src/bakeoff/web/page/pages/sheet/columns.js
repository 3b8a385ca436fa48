// The sheet's columns as the grid wants them: place, data, one per candidate, one per candidate's score.

import { AnswerCell, DataCell, PlaceCell, ScoreCell } from "./cells.js";
import { Header } from "./header.js";
import { titleOf } from "./names.js";

const WIDTH = { text: 320, number: 112, boolean: 112, image: 168, answer: 320, score: 128 };
const SHORT = { characters: 24, text: 168, answer: 232 };

/** Narrow where every text of the first rows is short. */
const widthOf = (kind, texts) => (SHORT[kind] && texts.length && texts.every((text) => String(text ?? "").length <= SHORT.characters) ? SHORT[kind] : WIDTH[kind] ?? WIDTH.text);

/**
 * @param {object} sheet as the server tells it.
 * @param {{columns: object[]}} look of this reader.
 * @param {object[]} rows some, from which widths are guessed.
 */
export function columnDefs(sheet, look, rows) {
  const made = [
    ...sheet.data_columns.map(({ name, kind }) => ({
      colId: `data:${name}`, initialWidth: widthOf(kind, rows.map((row) => row.values[name])), cellRenderer: DataCell,
      initialHide: name === sheet.id_column && sheet.data_columns.length > 1, // the place says which row it is
      cellRendererParams: { column_name: name, kind, project: sheet.project },
    })),
    ...sheet.candidates.flatMap(({ name }) => [
      { colId: `answer:${name}`, initialWidth: widthOf("answer", rows.map((row) => row.cells[name]?.preview)), cellRenderer: AnswerCell, cellRendererParams: { candidate: name } },
      { colId: `score:${name}`, initialWidth: WIDTH.score, initialHide: true, cellRenderer: ScoreCell, cellRendererParams: { candidate: name } },
    ]),
  ];
  const kept = new Map(look.columns.map((one, place) => [one.id, { ...one, place }]));
  const placed = made.map((one, place) => {
    const known = kept.get(one.colId);
    if (!known) return [one, look.columns.length + place];
    return [{ ...one, initialWidth: known.width, initialHide: known.hide, initialPinned: known.pinned }, known.place];
  });
  placed.sort((a, b) => a[1] - b[1]);
  const place = {
    colId: "place", initialPinned: "left", lockPosition: "left", lockPinned: true, width: 64, resizable: false,
    suppressMovable: true, cellRenderer: PlaceCell,
  };
  return [place, ...placed.map(([one]) => one)].map((one) => ({
    ...one, headerName: titleOf(one.colId), headerComponent: Header, sortable: false, minWidth: 64,
  }));
}
