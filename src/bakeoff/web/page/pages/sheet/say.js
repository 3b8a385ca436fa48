// What a person says of an answer: thumbs, and a correction that lies over it. Both with a name, and both can be undone.

import { html, useState } from "../../vendor/preact.js";
import { of, post } from "../../lib/api.js";
import { store, stored } from "../../lib/hooks.js";
import { t, time } from "../../lib/words.js";
import { Button, Dialog, Input, Notice, Problem, TextArea } from "../../parts/basic.js";
import { visible } from "./text.js";

/** Hands work on with the reader's name, and asks for it the first time. */
function useAuthor() {
  const [asked, ask] = useState(null);
  const [name, set] = useState("");
  const with_ = (work) => {
    const author = stored("author", ""); // another part of the page may have asked meanwhile
    if (author) work(author); else ask(() => work);
  };
  const done = (event) => {
    event?.preventDefault();
    if (!name.trim()) return;
    store("author", name.trim());
    ask(null);
    asked(name.trim());
  };
  const dialog = asked && html`<${Dialog} title=${t("sheet.author.title")} onClose=${() => ask(null)}
    footer=${html`<${Button} onClick=${() => ask(null)}>${t("app.cancel")}<//><${Button} kind="primary" disabled=${!name.trim()} onClick=${done}>${t("app.save")}<//>`}>
    <form onSubmit=${done}><${Input} label=${t("sheet.author.name")} hint=${t("sheet.author.hint")} value=${name} onInput=${set} autocomplete="name" maxlength="80" /></form><//>`;
  return [with_, dialog];
}

/** Good or bad, at a glance; pressing it again takes it back. */
export function Thumbs({ project, row, name, cell, onChanged }) {
  const [with_, dialog] = useAuthor();
  const [error, fail] = useState(null);
  const given = cell.thumb?.thumb ?? cell.thumb ?? null;
  const say = (thumb) => with_(async (author) => {
    try {
      onChanged(row, name, await post(of(project, "cells"), { row, candidate: name, author, thumb: given === thumb ? null : thumb }));
      fail(null);
    } catch (problem) { fail(problem); }
  });
  return html`<div class="thumbs" role="group" aria-label=${t("sheet.thumb.label")}>
    ${["up", "down"].map((thumb) => html`<button type="button" class=${`thumb ${thumb}`} aria-pressed=${given === thumb} onClick=${() => say(thumb)}>
      <span aria-hidden="true">${thumb === "up" ? "▲" : "▼"}</span> ${t(`sheet.thumb.${thumb}`)}</button>`)}
    ${cell.thumb?.author && html`<span class="muted small"><bdi>${cell.thumb.author}</bdi></span>`}
    <${Problem} error=${error} />${dialog}</div>`;
}

/** The answer as it should have been. The model's own answer and score stay as they are. */
export function Correction({ project, row, name, cell, onChanged, onReload }) {
  const [with_, dialog] = useAuthor();
  const there = cell.correction;
  const [text, write] = useState(null);
  const [seen, see] = useState(null); // `seq` of the cell when the writing began
  const begin = (from) => { see(cell.seq); write(from); };
  const [error, fail] = useState(null);
  const [clash, meet] = useState(null);
  const [busy, wait] = useState(false);
  const send = (correction, seq) => with_(async (author) => {
    wait(true);
    try {
      const changed = await post(of(project, "cells"), { row, candidate: name, seq, author, correction });
      write(null); meet(null); fail(null);
      onChanged(row, name, changed);
      onReload();
    } catch (problem) {
      if (problem.status === 409 && problem.more.theirs) { meet({ mine: correction, theirs: problem.more.theirs }); onReload(); } else fail(problem);
    } finally { wait(false); }
  });
  return html`<section class="correction"><h3>${t("sheet.correct.title")}</h3>
    <${Problem} error=${error} />${dialog}
    ${clash && html`<${Notice} kind="warn" title=${t("sheet.correct.clash")}>
      <div class="versions"><div><h4>${t("sheet.correct.theirs")}${there && html` <span class="muted small"><bdi>${there.author}</bdi></span>`}</h4><div class="plain-text" dir="auto">${there ? visible(there.text) : t("sheet.correct.none")}</div></div>
      <div><h4>${t("sheet.correct.mine")}</h4><div class="plain-text" dir="auto">${clash.mine === null ? t("sheet.correct.none") : visible(clash.mine)}</div></div></div>
      <div class="row"><${Button} small onClick=${() => { meet(null); write(null); onChanged(row, name, clash.theirs); }}>${t("sheet.correct.keep_theirs")}<//>
        <${Button} small kind="primary" busy=${busy} onClick=${() => send(clash.mine, clash.theirs.seq)}>${t("sheet.correct.save_mine")}<//></div><//>`}
    ${!clash && text === null && there && html`<div class="corrected"><div class="plain-text" dir="auto">${visible(there.text)}</div>
      <p class="muted small">${t("sheet.correct.by")} <bdi>${there.author}</bdi> · ${time(there.at)}</p>
      <div class="row"><${Button} small onClick=${() => begin(there.text)}>${t("sheet.correct.change")}<//>
        <${Button} small busy=${busy} onClick=${() => send(null, cell.seq)}>${t("sheet.correct.undo")}<//></div></div>`}
    ${!clash && text === null && !there && html`<p class="muted small">${t("sheet.correct.hint")}</p>
      <${Button} small onClick=${() => begin(cell.text ?? "")}>${t("sheet.correct.begin")}<//>`}
    ${!clash && text !== null && html`<${TextArea} label=${t("sheet.correct.text")} rows=${6} value=${text} onInput=${write} maxlength="100000"
        onKeyDown=${(event) => { if (event.key === "Escape") { event.stopPropagation(); write(null); } }} />
      <div class="row"><${Button} small kind="primary" busy=${busy} disabled=${text.trim() === ""} onClick=${() => send(text, seen)}>${t("app.save")}<//>
        <${Button} small onClick=${() => write(null)}>${t("app.cancel")}<//></div>`}
  </section>`;
}
