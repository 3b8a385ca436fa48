// How a project begins: a file, rows from a spreadsheet, or an example.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { post, query, upload } from "../../lib/api.js";
import { go } from "../../lib/route.js";
import { bytes, t } from "../../lib/words.js";
import { Button, Loading, Problem, TextArea } from "../../parts/basic.js";

const ENDINGS = ".csv,.tsv,.tab,.jsonl,.ndjson,.json,.xlsx,.xlsm,.parquet,.gz";

/** The ending that tells the reader what pasted text is. */
export const endingOf = (text) => {
  const begin = text.trimStart()[0];
  if (begin === "[") return "json";
  if (begin === "{") return "jsonl";
  return text.includes("\t") ? "tsv" : "csv";
};

export function Begin({ examples, onUpload }) {
  const [busy, wait] = useState(null);
  const [error, fail] = useState(null);
  const [over, hover] = useState(false);
  const [text, write] = useState("");
  const input = useRef(null);

  const attempt = async (what, work) => {
    wait(what);
    fail(null);
    try { await work(); } catch (found) { fail(found); }
    wait(null);
  };
  const send = (name, body) => attempt("file", async () => {
    const told = await upload(`api/uploads${query({ name })}`, body);
    onUpload({ ...told, size: bytes(told.bytes) });
  });
  const paste = () => send(`${t("start.pasted")}.${endingOf(text)}`, new Blob([text.replace(/^\s*\n/, "")]));
  const example = (name) => attempt(name, async () => {
    const made = await post("api/projects", { name: "", example: name });
    go(made.name, "sheet");
  });
  useEffect(() => {
    const kept = (event) => event.preventDefault(); // a file dropped beside the field is not opened instead of the page
    addEventListener("dragover", kept);
    addEventListener("drop", kept);
    return () => { removeEventListener("dragover", kept); removeEventListener("drop", kept); };
  }, []);
  const drop = (event) => {
    event.preventDefault();
    hover(false);
    const [file] = event.dataTransfer.files;
    if (file) send(file.name, file);
  };

  return html`<div class="begin" aria-busy=${busy !== null}>
    <div class=${`drop${over ? " over" : ""}`} onDragOver=${(event) => { event.preventDefault(); hover(true); }}
        onDragLeave=${() => hover(false)} onDrop=${drop}>
      <h3>${t("start.file")}</h3>
      <p class="muted">${t("start.file_hint")}</p>
      <input ref=${input} class="hidden" type="file" tabindex="-1" aria-hidden="true" accept=${ENDINGS}
        onChange=${(event) => { const [file] = event.target.files; event.target.value = ""; if (file) send(file.name, file); }} />
      ${busy === "file" ? html`<${Loading} text=${t("start.reading")} />`
      : html`<${Button} kind="primary" disabled=${busy !== null} onClick=${() => input.current.click()}>${t("start.choose")}<//>`}
      <p class="small muted">${t("start.private")}</p>
    </div>
    <${Problem} error=${error} />
    <div class="begin-other">
      <form onSubmit=${(event) => { event.preventDefault(); if (text.trim()) paste(); }}>
        <h3>${t("start.paste")}</h3>
        <${TextArea} label=${t("start.paste_hint")} rows=${5} value=${text} onInput=${write} spellcheck="false"
          wrap="off" class="code" placeholder=${t("start.paste_example")} />
        <${Button} type="submit" disabled=${busy !== null || !text.trim()}>${t("start.use_rows")}<//>
      </form>
      <div>
        <h3>${t("start.example")}</h3>
        <p class="muted">${t("start.example_hint")}</p>
        <ul class="examples">${examples.map((name) => html`<li key=${name}>
          <${Button} busy=${busy === name} disabled=${busy !== null} onClick=${() => example(name)}>${t(`start.examples.${name}`)}<//>
        </li>`)}</ul>
      </div>
    </div>
  </div>`;
}
