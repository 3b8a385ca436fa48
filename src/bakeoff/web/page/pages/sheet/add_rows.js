// More rows: typed or pasted from a spreadsheet, or a file.

import { html, useRef, useState } from "../../vendor/preact.js";
import { of, post, query, upload } from "../../lib/api.js";
import { t } from "../../lib/words.js";
import { Button, Dialog, Notice, Problem, TextArea } from "../../parts/basic.js";
import { visible } from "./text.js";

const MOST_PASTED = 900_000; // bytes of a request that is no upload

/** Cells of text that was copied from a spreadsheet (tabs) or written as CSV; quotes may hold both and line ends. */
export function parse(text) {
  const first = text.slice(0, text.search(/\r?\n|$/));
  const cut = first.includes("\t") ? "\t" : ",";
  const lines = [];
  let cells = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') { cell += '"'; i += 1; } else if (c === '"') quoted = false; else cell += c;
    } else if (c === '"' && cell === "") quoted = true;
    else if (c === cut) { cells.push(cell); cell = ""; } else if (c === "\n" || c === "\r") {
      if (c === "\r" && text[i + 1] === "\n") i += 1;
      lines.push([...cells, cell]); cells = []; cell = "";
    } else cell += c;
  }
  if (cell !== "" || cells.length) lines.push([...cells, cell]);
  return lines.filter((line) => line.some((one) => one.trim() !== ""));
}

/**
 * Pasted lines as rows. A first line that names columns of the sheet is a head; without one, and with a single
 * column of text, every line is a row of the column that the prompt uses.
 * @returns {{rows: object[], unknown: string[], head: boolean}}
 */
export function asRows(lines, columns, main) {
  if (!lines.length) return { rows: [], unknown: [], head: false };
  const named = lines[0].map((one) => one.trim().normalize("NFC"));
  const head = named.some((one) => columns.includes(one));
  const names = head ? named : lines[0].length === 1 ? [main] : columns.slice(0, lines[0].length);
  const rows = lines.slice(head ? 1 : 0).map((line) => Object.fromEntries(
    names.map((name, i) => [name, (line[i] ?? "").normalize("NFC")]).filter(([name]) => columns.includes(name))));
  return { rows, unknown: head ? named.filter((one) => one && !columns.includes(one)) : [], head };
}

/** The column of the data that the prompt names first. */
export function mainColumn(sheet) {
  const names = sheet.data_columns.map((one) => one.name);
  const used = names.filter((name) => (sheet.prompt.user ?? "").includes(name));
  return used.sort((a, b) => sheet.prompt.user.indexOf(a) - sheet.prompt.user.indexOf(b))[0] ?? names.find((name) => name !== sheet.id_column) ?? names[0];
}

export const addFile = (project, file) => upload(`api/uploads${query({ project, as: "rows", name: file.name })}`, file);

export function AddRows({ project, sheet, file, onClose, onAdded }) {
  const [text, write] = useState("");
  const [chosen, choose] = useState(file ?? null);
  const [error, fail] = useState(null);
  const [busy, wait] = useState(false);
  const input = useRef(null);
  const columns = sheet.data_columns.map((one) => one.name);
  const found = asRows(parse(text), columns, mainColumn(sheet));
  const large = text.length > MOST_PASTED;
  const add = async () => {
    wait(true);
    try {
      onAdded(chosen ? await addFile(project, chosen) : large ? await addFile(project, new File([text], "pasted.csv")) : await post(of(project, "rows"), { rows: found.rows, stamp: sheet.stamp }));
    } catch (problem) { fail(problem); wait(false); }
  };
  const shown = found.rows.slice(0, 5);
  const names = columns.filter((name) => found.rows.some((row) => name in row));
  return html`<${Dialog} wide title=${t("sheet.add_rows")} onClose=${onClose}
    footer=${html`<${Button} onClick=${onClose}>${t("app.cancel")}<//><${Button} kind="primary" busy=${busy} disabled=${!chosen && !found.rows.length} onClick=${add}>${chosen ? t("sheet.rows.add_file") : t("sheet.rows.add", { n: found.rows.length })}<//>`}>
    <${Problem} error=${error} />
    ${chosen ? html`<p><bdi>${visible(chosen.name)}</bdi> <${Button} small onClick=${() => choose(null)}>${t("sheet.rows.other")}<//></p>` : html`
      <${TextArea} label=${t("sheet.rows.paste")} hint=${t("sheet.rows.paste_hint", { columns: columns.map(visible).join(", ") })} rows=${7} value=${text} onInput=${write} class="code" />
      ${found.unknown.length > 0 && html`<${Notice} kind="warn">${t("sheet.rows.unknown", { columns: found.unknown.map(visible).join(", ") })}<//>`}
      ${shown.length > 0 && html`<div class="table-wrap"><table><caption>${t("sheet.rows.preview", { n: found.rows.length, shown: shown.length })}</caption>
        <thead><tr>${names.map((name) => html`<th scope="col">${visible(name)}</th>`)}</tr></thead>
        <tbody>${shown.map((row) => html`<tr>${names.map((name) => html`<td dir="auto">${visible(row[name] ?? "").slice(0, 160)}</td>`)}</tr>`)}</tbody></table></div>`}
      <div class="row"><span class="muted">${t("sheet.rows.or")}</span><${Button} small onClick=${() => input.current.click()}>${t("sheet.rows.file")}<//>
        <input type="file" class="hidden" tabindex="-1" aria-label=${t("sheet.rows.file")} ref=${input} accept=".csv,.tsv,.jsonl,.xlsx,.parquet" onChange=${(event) => choose(event.target.files[0] ?? null)} /></div>`}<//>`;
}
