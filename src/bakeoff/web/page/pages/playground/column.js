// One model's side of the conversation.

import { html, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { count, money, ms, rate, t } from "../../lib/words.js";
import { Button, Dialog, Input, Problem, Spinner } from "../../parts/basic.js";
import { Markdown } from "../../parts/markdown.js";
import { isOpen, parted, voiceName } from "./session.js";

const OTHER = "\u0000other";

export function Column({ voice, session, known, narrow, other, save, ask }) {
  const turns = session.of(voice);
  const box = useRef(null);
  const near = useRef(true);
  useLayoutEffect(() => { if (near.current && box.current) box.current.scrollTop = box.current.scrollHeight; });
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    near.current = scrollHeight - scrollTop - clientHeight < 60;
  };
  const name = voiceName(voice);
  const busy = isOpen(turns.at(-1));
  const role = narrow && session.voices.length > 1 ? { role: "tabpanel", "aria-labelledby": `tab-${voice.id}` } : { "aria-label": name };
  return html`<section class="voice" id=${`voice-${voice.id}`} ...${role}>
    <header>
      <select aria-label=${t("playground.model_of", { name })} value=${voice.candidate ?? ""} disabled=${busy}
        onChange=${(event) => { if (event.target.value === OTHER) { event.target.value = voice.candidate ?? ""; other(); } else session.replace(voice.id, { candidate: event.target.value }); }}>
        ${voice.model && html`<option value="" selected>${name}</option>`}
        ${known.candidates.map((one) => html`<option key=${one.name} value=${one.name} selected=${one.name === voice.candidate}>${one.name}</option>`)}
        <option value=${OTHER}>${t("playground.other")}</option>
      </select>
      ${session.voices.length > 1 && html`<button type="button" class="icon-button" aria-label=${t("playground.remove", { name })} disabled=${busy}
        onClick=${() => session.remove(voice.id)}>×</button>`}
    </header>
    <div class="turns" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-live="off" aria-label=${t("playground.talk_with", { name })}>
      ${turns.length === 0 && html`<p class="nothing-said">${t("playground.empty")}</p>`}
      ${turns.map((turn, index) => html`<${Turn} key=${turn.id} turn=${turn} last=${index === turns.length - 1}
        retry=${() => session.retry(voice)} save=${() => save(turn)} ask=${() => ask(turn)} busy=${session.busy} />`)}
    </div>
  </section>`;
}

function Turn({ turn, last, retry, save, ask, busy }) {
  const { text, thinking } = parted(turn);
  const open = isOpen(turn);
  return html`<article class="turn">
    <div class="said" dir="auto">${turn.user}</div>
    <div class="answer">
      ${thinking && html`<details class="thinking"><summary>${open && !text ? html`<${Spinner} /> ${t("playground.thinks")}` : t("playground.thought")}</summary>
        <div class="plain-text" dir="auto">${thinking}</div></details>`}
      ${text && (open ? html`<div class="model-text plain-text" dir="auto">${text}</div>` : html`<${Markdown} text=${text} />`)}
      ${turn.state === "done" && !text.trim() && html`<p class="muted">${t("playground.blank")}</p>`}
      ${open && !text && !thinking && html`<p class="loading"><${Spinner} /> ${t(`playground.state.${turn.state}`)}</p>`}
      ${turn.state === "stopped" && html`<p class="muted">${t("playground.stopped")}</p>`}
      ${turn.state === "error" && html`<${Problem} error=${turn.error} />`}
    </div>
    <footer>
      <span class="measures">${measures(turn).map((one) => html`<span>${one}</span>`)}</span>
      ${!open && html`<span class="acts">
        ${last && html`<${Button} small kind="quiet" disabled=${busy} onClick=${retry}>${t("app.retry")}<//>`}
        ${turn.request && html`<${Button} small kind="quiet" onClick=${ask}>${t("playground.request")}<//>`}
        ${turn.state === "done" && html`<${Button} small kind="quiet" onClick=${save}>${t("playground.save")}<//>`}
      </span>`}
    </footer>
  </article>`;
}

/** What is known of an answer: while it comes by the pieces, at the end as the server counted. */
function measures(turn) {
  if (turn.state === "streaming") return [
    t("playground.pieces", { n: turn.n }), turn.rate && t("playground.rate", { n: rate(turn.rate) }),
  ].filter(Boolean);
  const result = turn.result;
  if (!result) return [];
  const cut = result.finish_reason === "length";
  return [
    result.tokens_per_second !== null && t("playground.rate", { n: rate(result.tokens_per_second) }),
    result.time_to_first_token_ms !== null && t("playground.first", { time: ms(result.time_to_first_token_ms) }),
    result.prompt_tokens !== null && result.output_tokens !== null
      && t("playground.tokens", { prompt: count(result.prompt_tokens), output: count(result.output_tokens) }),
    t("playground.took", { time: ms(result.latency_ms) }),
    result.cost_usd !== null && money(result.cost_usd),
    cut && t("playground.cut"),
  ].filter(Boolean);
}

/** A model that is not among the candidates. */
export function VoiceDialog({ onClose }) {
  const [model, setModel] = useState("");
  const [build, setBuild] = useState("");
  const [via, setVia] = useState("");
  const chosen = { model: model.trim(), ...(build.trim() && { build: build.trim() }), ...(via.trim() && { via: via.trim() }) };
  const footer = html`<${Button} onClick=${() => onClose(null)}>${t("app.cancel")}<//>
    <${Button} kind="primary" disabled=${!chosen.model} onClick=${() => onClose(chosen)}>${t("playground.talk")}<//>`;
  return html`<${Dialog} title=${t("playground.other_title")} onClose=${() => onClose(null)} footer=${footer}>
    <${Input} label=${t("playground.model")} hint=${t("playground.model_hint")} value=${model} onInput=${setModel} autocomplete="off" spellcheck=${false} />
    <${Input} label=${t("playground.build")} hint=${t("playground.build_hint")} value=${build} onInput=${setBuild} autocomplete="off" spellcheck=${false} />
    <${Input} label=${t("playground.via")} hint=${t("playground.via_hint")} value=${via} onInput=${setVia} autocomplete="off" spellcheck=${false} />
  <//>`;
}
