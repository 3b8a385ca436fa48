// Links under which others read the report of a project without a login: made, listed, ended.

import { html, useState } from "../vendor/preact.js";
import { del, of, post } from "../lib/api.js";
import { useFetch, useStyles } from "../lib/hooks.js";
import { lang, t, time } from "../lib/words.js";
import { Button, Dialog, Input, Loading, Notice, Problem } from "./basic.js";

const HERE = ["127.0.0.1", "localhost", "[::1]"]; // a link with one of them leads others to their own machine

function Made({ path }) {
  const [copied, told] = useState(false);
  const url = `${new URL(path, location.href.split("#")[0]).href}?lang=${lang}`;
  const copy = async () => { await navigator.clipboard.writeText(url); told(true); };
  return html`<${Notice} kind="good" title=${t("share.made")}>
    <div class="share-link"><${Input} label=${t("share.link")} value=${url} readonly onFocus=${(event) => event.target.select()} />
      ${navigator.clipboard && html`<${Button} onClick=${copy}>${copied ? t("share.copied") : t("share.copy")}<//>`}</div>
    <p class="small">${t("share.once")}</p><//>`;
}

function Shares({ project, onClose }) {
  const { data, error, reload } = useFetch(of(project, "shares"));
  const [note, write] = useState("");
  const [made, show] = useState(null);
  const [failed, fail] = useState(null);
  const attempt = async (work) => { fail(null); try { await work(); reload(); } catch (found) { fail(found); } };
  const make = () => attempt(async () => { show((await post(of(project, "shares"), { note })).path); write(""); });
  const end = (id) => attempt(() => del(of(project, "shares", id)));
  return html`<${Dialog} title=${t("share.title")} onClose=${onClose}>
    <p class="muted">${t("share.lead")}</p>
    ${data && !data.reachable && html`<${Notice} kind="warn">${t("share.only_here")}<//>`}
    ${data?.reachable && HERE.includes(location.hostname) && html`<${Notice} kind="warn">${t("share.other_address")}<//>`}
    <form class="share-link" onSubmit=${(event) => { event.preventDefault(); make(); }}>
      <${Input} label=${t("share.note")} value=${note} onInput=${write} maxlength="200" />
      <${Button} kind="primary" type="submit">${t("share.make")}<//></form>
    ${made && html`<${Made} key=${made} path=${made} />`}
    <${Problem} error=${failed ?? error} />
    ${!data ? html`<${Loading} />` : data.shares.length > 0 && html`<div><h3>${t("share.there")}</h3>
      <ul class="shares">${data.shares.map((one) => html`<li key=${one.id}>
        <span><bdi>${one.note || t("share.no_note")}</bdi> <span class="small muted">${time(one.at)}</span></span>
        <${Button} small kind="danger" onClick=${() => end(one.id)}>${t("share.end")}<//></li>`)}</ul></div>`}
  <//>`;
}

/** A button that opens them. */
export function ShareButton({ project, ...rest }) {
  const [open, set] = useState(false);
  useStyles("start");
  return html`<${Button} ...${rest} onClick=${() => set(true)}>${t("share.open")}<//>
    ${open && html`<${Shares} project=${project} onClose=${() => set(false)} />`}`;
}
