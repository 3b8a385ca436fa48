// The small parts of every page. Each takes the attributes of its element besides its own.

import { html, useEffect, useId, useRef, useState } from "../vendor/preact.js";
import { useOpened } from "../lib/hooks.js";
import { lang, t } from "../lib/words.js";

const cls = (...names) => names.filter(Boolean).join(" ");

/** kind: primary | quiet | danger; busy disables it and shows a spinner. */
export function Button({ kind = "", busy = false, small = false, children, class: more, ...rest }) {
  return html`<button type="button" class=${cls("button", kind, small && "small-button", more)} aria-busy=${busy}
    ...${rest} disabled=${busy || rest.disabled}>${busy && html`<${Spinner} />`}${children}</button>`;
}

/** A label with its input; `hint` explains in a line, `error` says what is wrong. `input` gets id and aria-*. */
export function Field({ label, hint, error, children, class: more }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return html`<div class=${cls("field", error && "wrong", more)}>
    <label for=${id}>${label}</label>
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${children({ id, "aria-describedby": described, "aria-invalid": error ? "true" : undefined })}
    ${error && html`<p class="error-text" id=${`${id}-error`}>${error}</p>`}
  </div>`;
}

export function Input({ label, hint, error, onInput, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(ids) => html`<input ...${ids} ...${rest} onInput=${(event) => onInput?.(event.target.value)} />`}<//>`;
}

export function TextArea({ label, hint, error, onInput, rows = 4, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(ids) => html`<textarea rows=${rows} ...${ids} ...${rest} onInput=${(event) => onInput?.(event.target.value)} />`}<//>`;
}

/** options: [[value, text], ...] */
export function Select({ label, hint, error, value, options, onChange, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(ids) => html`<select ...${ids} ...${rest} value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${options.map(([one, text]) => html`<option value=${one} selected=${one === value}>${text}</option>`)}
    </select>`}<//>`;
}

export function Checkbox({ label, checked, onChange, ...rest }) {
  return html`<label class="check"><input type="checkbox" checked=${checked} ...${rest}
    onChange=${(event) => onChange(event.target.checked)} /><span>${label}</span></label>`;
}

/** A slider with its value said beside it; `show` writes the value. */
export function Range({ label, hint, value, show = String, onInput, ...rest }) {
  return html`<${Field} label=${html`${label} <output>${show(value)}</output>`} hint=${hint} class="range">
    ${(ids) => html`<input type="range" ...${ids} ...${rest} value=${value} aria-valuetext=${show(value)}
      onInput=${(event) => onInput(Number(event.target.value))} />`}<//>`;
}

/** One of a few, side by side. options: [[value, text], ...] */
export function Segmented({ label, value, options, onChange }) {
  const name = useId();
  return html`<fieldset class="segmented"><legend>${label}</legend><div>
    ${options.map(([one, text]) => html`<label class=${one === value ? "chosen" : ""}>
      <input type="radio" name=${name} checked=${one === value} onChange=${() => onChange(one)} /><span>${text}</span>
    </label>`)}</div></fieldset>`;
}

/** kind: info | good | warn | bad */
export function Notice({ kind = "info", title, children, action }) {
  return html`<div class=${cls("notice", kind)} role=${kind === "bad" ? "alert" : "status"}>
    <div>${title && html`<strong>${title}</strong>`}<div>${children}</div></div>${action}</div>`;
}

const TITLED = ["BusyError", "DataError", "EndpointError", "EngineError", "KeyMissing", "NetworkError", "NoAnswer", "ProjectError",
  "StorageError", "UsageError", "WeightsError", "too-large"];

/** An error as the server said it: what the library says is English, so that other readers get its kind first. */
export function Problem({ error, retry }) {
  if (!error) return null;
  const action = retry && html`<${Button} small onClick=${retry}>${t("app.retry")}<//>`;
  const text = error.kind === "gone" ? t("app.gone") : error.message;
  if (lang === "en" || !TITLED.includes(error.kind)) return html`<${Notice} kind="bad" title=${text} action=${action}>${error.hint}<//>`;
  return html`<${Notice} kind="bad" title=${t(`app.error.${error.kind}`)} action=${action}><div lang="en"><p>${text}</p>${error.hint}</div><//>`;
}

/** With the library's reason, which is English, for whoever reads English. */
export const withReason = (text, error) => (lang === "en" ? `${text} ${error.hint ?? error.message}` : text);

/** A word of the field; a click on it says what it means. */
export const Term = ({ says, children }) => html`<details class="term"><summary>${children}</summary><span class="term-says">${says}</span></details>`;

/** What a page shows where there is nothing yet: what would be here, and what to do. */
export function Empty({ title, children, action }) {
  return html`<div class="empty"><h2>${title}</h2><p>${children}</p>${action}</div>`;
}

export const Spinner = () => html`<span class="spinner" aria-hidden="true"></span>`;

const BONES = {
  part: ["line", "line", "line"],
  page: ["title", "line", "rule", "rule", "rule", "rule"],
  sheet: ["bar", "heads", "cells", "cells", "cells", "cells", "cells", "cells", "cells", "cells"],
  talk: ["bar", "voices", "composer"],
};

/**
 * What waits for its first answer: with `text` what is being worked on, else the outline of what comes, so that little
 * moves when it is there. as: part | page | sheet | talk.
 */
export function Loading({ text, as = "part" }) {
  if (text) return html`<p class="loading" role="status"><${Spinner} /> ${text}</p>`;
  return html`<div class=${`loading skeleton ${as}`} role="status"><span class="hidden">${t("app.loading")}</span>
    ${BONES[as].map((one) => html`<span class=${`bone ${one}`} aria-hidden="true"></span>`)}</div>`;
}

/** kind: accent | quiet | good | warn | bad */
export const Badge = ({ kind = "quiet", children, ...rest }) => html`<span class=${cls("badge", kind)} ...${rest}>${children}</span>`;

export function Progress({ done, total, failed = 0, label }) {
  const share = total ? done / total : 0;
  return html`<progress class=${failed ? "with-failures" : ""} value=${share} max="1" aria-label=${label}></progress>`;
}

/** A modal window; Escape and a click beside it close it. */
export function Dialog({ title, onClose, children, wide = false, footer }) {
  const box = useRef(null);
  const id = useId();
  useEffect(() => { box.current.showModal(); return () => box.current?.close(); }, []);
  return html`<dialog ref=${box} class=${cls("dialog", wide && "wide")} aria-labelledby=${id}
      onCancel=${(event) => { event.preventDefault(); onClose(); }}
      onClick=${(event) => { if (event.target === box.current) onClose(); }}>
    <header role="presentation"><h2 id=${id}>${title}</h2>
      <button type="button" class="icon-button" aria-label=${t("app.close")} onClick=${onClose}>×</button></header>
    <div class="dialog-body">${children}</div>
    ${footer && html`<footer role="presentation">${footer}</footer>`}
  </dialog>`;
}

/** A button that opens a list of choices. items: [{text, onClick, href, kind}] */
export function Menu({ label, items, ...rest }) {
  const [open, set] = useState(false);
  const box = useRef(null);
  useOpened(box, open, () => set(false), "[role=menuitem]");
  const keys = (event) => {
    const found = [...box.current.querySelectorAll("[role=menuitem]")];
    const at = found.indexOf(document.activeElement);
    if (event.key === "Escape") { set(false); box.current.querySelector("button").focus(); }
    if (event.key === "ArrowDown") { event.preventDefault(); found[(at + 1) % found.length]?.focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); found[(at - 1 + found.length) % found.length]?.focus(); }
  };
  return html`<div class="menu" ref=${box} onKeyDown=${keys}>
    <${Button} aria-haspopup="menu" aria-expanded=${open} onClick=${() => set(!open)} ...${rest}>${label}<//>
    ${open && html`<div role="menu" class="menu-list">${items.map((item) => (item.href
      ? html`<a role="menuitem" tabindex="-1" href=${item.href} onClick=${() => set(false)}>${item.text}</a>`
      : html`<button role="menuitem" tabindex="-1" type="button" class=${item.kind}
          onClick=${() => { set(false); item.onClick(); }}>${item.text}</button>`))}</div>`}
  </div>`;
}

/** An interval as a bar between `from` and `to`, with its value as a dot. */
export function Interval({ value, low, high, from = 0, to = 1, accent = false, label }) {
  const at = (x) => `${Math.min(100, Math.max(0, (100 * (x - from)) / (to - from || 1)))}%`;
  const style = (values) => (node) => node && Object.assign(node.style, values);
  return html`<span class=${cls("interval", accent && "accent")} role="img" aria-label=${label}>
    <span class="span" ref=${style({ left: at(low), right: `calc(100% - ${at(high)})` })}></span>
    <span class="dot" ref=${style({ left: at(value) })}></span></span>`;
}
