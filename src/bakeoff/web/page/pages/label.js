// Blind A/B: answers without names, by keyboard if one wants; then who is who; and the judge, checked against people.

import { html, useState } from "../vendor/preact.js";
import { useStored, useStyles, useTitle } from "../lib/hooks.js";
import { href } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Button, Input, Loading } from "../parts/basic.js";
import { Asking } from "./label/asking.js";
import { Judge } from "./label/judge.js";
import { Standings } from "./label/standings.js";

const TABS = ["ask", "standings", "judge"];
const MOST_NAME = 200;

export default function Label({ route, project }) {
  const ready = useStyles("label");
  const [author, keep] = useStored("author", "");
  const tab = TABS.includes(route.rest[0]) ? route.rest[0] : "ask";
  useTitle(t(`label.tab.${tab}`), t("nav.label"), project);
  if (!ready) return html`<${Loading} as="page" />`;
  return html`<div class="ab">
    <nav class="tabs" aria-label=${t("label.tabs")}>${TABS.map((one) => html`<a href=${href(project, "label", { rest: one === "ask" ? [] : [one] })}
      aria-current=${one === tab ? "page" : undefined}>${t(`label.tab.${one}`)}</a>`)}</nav>
    ${tab === "judge" ? html`<${Judge} project=${project} />`
      : tab === "standings" ? html`<${Standings} project=${project} />`
      : author ? html`<${Asking} key=${author} project=${project} route=${route} author=${author} onLeave=${() => keep("")} />`
      : html`<${Who} onName=${keep} />`}
  </div>`;
}

/** Asked once: every label carries it. */
function Who({ onName }) {
  const [name, set] = useState("");
  const done = (event) => { event.preventDefault(); if (name.trim()) onName(name.trim()); };
  return html`<div class="ab-who"><h1>${t("label.title")}</h1><p class="lead">${t("label.intro")}</p>
    <ul class="ab-promises">${["blind", "random", "kept"].map((one) => html`<li>${t(`label.promise.${one}`)}</li>`)}</ul>
    <form onSubmit=${done}><${Input} label=${t("label.name")} hint=${t("label.name_hint")} value=${name} onInput=${set} maxlength=${MOST_NAME} autocomplete="name" required />
      <${Button} kind="primary" type="submit" disabled=${!name.trim()}>${t("label.begin")}<//></form></div>`;
}
