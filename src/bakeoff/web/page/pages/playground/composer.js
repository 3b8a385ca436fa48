// What is said to all: Enter sends, Shift+Enter begins a line. A word that is being composed is not sent.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../lib/words.js";
import { Button } from "../../parts/basic.js";

const HIGHEST = 220;

export function Composer({ session }) {
  const [text, set] = useState("");
  const box = useRef(null);
  const busy = session.busy;
  useEffect(() => { box.current?.focus({ preventScroll: true }); }, []);
  useEffect(() => {
    const node = box.current;
    node.style.height = "auto";
    node.style.height = `${Math.min(node.scrollHeight + 2, HIGHEST)}px`;
  }, [text]);
  const send = () => {
    if (busy || !text.trim()) return;
    session.send(text);
    set("");
    box.current.focus();
  };
  const keys = (event) => {
    // 229: what browsers say of a key that ends a composition, after isComposing is false again.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }}>
    <div class="composer-box">
      <textarea ref=${box} rows="1" aria-label=${t("playground.message")} placeholder=${t("playground.placeholder")} value=${text} dir="auto"
        onInput=${(event) => set(event.target.value)} onKeyDown=${keys}></textarea>
      ${busy ? html`<${Button} onClick=${() => session.stop()}>${t("playground.stop")}<//>`
        : html`<${Button} kind="primary" disabled=${!text.trim()} onClick=${send}>${t("playground.send")}<//>`}
    </div>
    <p class="hint">${t("playground.keys")}</p>
  </form>`;
}
