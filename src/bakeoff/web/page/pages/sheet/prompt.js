// Writing a prompt: `{{` proposes the columns, and the text shows filled with a row beside it.

import { html, useRef, useState } from "../../vendor/preact.js";
import { of, put, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { t } from "../../lib/words.js";
import { Button, Dialog, Field, Problem } from "../../parts/basic.js";
import { visible } from "./text.js";

const OPEN = /\{\{\s*([^{}]*)$/;

/** What is being typed after `{{` at the cursor, or null. */
export function typed(text, cursor) {
  const found = OPEN.exec(text.slice(0, cursor));
  return found ? { start: found.index, word: found[1].trim() } : null;
}

/** A column as a template names it: plain names as they are, others by key. */
export const placeholder = (name) => (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? `{{ ${name} }}` : `{{ row[${JSON.stringify(name)}] }}`);

/** Put a column in place of what is being typed. */
export function complete(text, cursor, name) {
  const { start } = typed(text, cursor) ?? { start: cursor };
  const rest = text.slice(cursor).replace(/^\s*\}\}/, "");
  const before = text.slice(0, start) + placeholder(name);
  return { text: before + rest, cursor: before.length };
}

/** A text area that proposes columns after `{{`. */
export function PromptInput({ label, hint, value, columns, rows = 4, onInput }) {
  const area = useRef(null);
  const [asked, ask] = useState(null);
  const [at, set] = useState(0);
  const found = asked === null ? [] : columns.filter((name) => name.toLowerCase().includes(asked.word.toLowerCase())).slice(0, 8);
  const look = () => { const node = area.current; ask(node.selectionStart === node.selectionEnd ? typed(node.value, node.selectionStart) : null); set(0); };
  const take = (name) => {
    const node = area.current;
    const made = complete(node.value, node.selectionStart, name);
    onInput(made.text);
    ask(null);
    requestAnimationFrame(() => { node.focus(); node.setSelectionRange(made.cursor, made.cursor); });
  };
  const keys = (event) => {
    if (!found.length || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); set((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length); }
    if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); take(found[at]); }
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); ask(null); }
  };
  return html`<${Field} label=${label} hint=${hint} class="prompt-input">${(ids) => html`
    <textarea ...${ids} ref=${area} class="code" rows=${rows} value=${value} maxlength="200000" aria-autocomplete="list" aria-controls=${`${ids.id}-list`}
      aria-activedescendant=${found.length ? `${ids.id}-${at}` : undefined} onKeyDown=${keys} onBlur=${() => setTimeout(() => ask(null), 150)}
      onInput=${(event) => { onInput(event.target.value); if (!event.isComposing) look(); }} onClick=${look} />
    <ul id=${`${ids.id}-list`} role="listbox" aria-label=${t("sheet.prompt.columns")} hidden=${!found.length}>${found.map((name, i) => html`<li key=${name} id=${`${ids.id}-${i}`} role="option" aria-selected=${i === at}
      onPointerDown=${(event) => { event.preventDefault(); take(name); }}><code>${visible(placeholder(name))}</code></li>`)}</ul>`}<//>`;
}

/** The prompt as one candidate gets it, filled with a row. */
export function Filled({ project, row, prompt, candidate }) {
  const path = row ? of(project, "preview") + query({ row, candidate, system: prompt?.system, user: prompt?.user }) : null;
  const { data, error } = useFetch(path, { wait: 250 });
  const shown = data?.candidates?.[0];
  return html`<section class="filled" aria-live="polite"><h3>${t("sheet.prompt.filled")}</h3><${Problem} error=${error} />
    ${shown && (shown.error ? html`<p class="error-text">${shown.error.message ?? shown.error}</p>` : html`<pre class="request" tabindex="0">${visible(shown.text ?? shown.request ?? "")}</pre>`)}</section>`;
}

/** The prompt of all columns. */
export function PromptDialog({ project, sheet, row, onClose, onSaved }) {
  const [system, setSystem] = useState(sheet.prompt.system ?? "");
  const [user, setUser] = useState(sheet.prompt.user ?? "");
  const [error, fail] = useState(null);
  const [busy, wait] = useState(false);
  const columns = sheet.data_columns.map(({ name }) => name);
  const save = async () => {
    wait(true);
    try {
      await put(of(project, "prompt"), { system: system === "" ? null : system, user, stamp: sheet.stamp });
      onSaved();
    } catch (problem) { fail(problem); wait(false); }
  };
  return html`<${Dialog} wide title=${t("sheet.prompt.title")} onClose=${onClose}
    footer=${html`<${Button} onClick=${onClose}>${t("app.cancel")}<//><${Button} kind="primary" busy=${busy} disabled=${user.trim() === ""} onClick=${save}>${t("app.save")}<//>`}>
    <p class="muted">${t("sheet.prompt.hint")}</p><${Problem} error=${error} />
    <div class="prompt-columns"><div class="prompt-fields">
      <${PromptInput} label=${t("sheet.prompt.system")} hint=${t("sheet.prompt.system_hint")} value=${system} columns=${columns} onInput=${setSystem} />
      <${PromptInput} label=${t("sheet.prompt.user")} hint=${t("sheet.prompt.user_hint")} value=${user} columns=${columns} rows=${6} onInput=${setUser} /></div>
      <${Filled} project=${project} row=${row} prompt=${{ system, user }} /></div><//>`;
}
