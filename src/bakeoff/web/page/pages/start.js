// The start: the projects of this server, and a new one from a file, pasted rows, or an example.

import { html, useState } from "../vendor/preact.js";
import { post } from "../lib/api.js";
import { useFetch, useStyles, useTitle } from "../lib/hooks.js";
import { t } from "../lib/words.js";
import { Button, Loading, Problem } from "../parts/basic.js";
import { place } from "./login.js";
import { Begin } from "./start/begin.js";
import { Projects } from "./start/projects.js";
import { Setup } from "./start/setup.js";

function Footer({ app }) {
  const leave = async () => { await post("api/logout", { path: place() }); location.hash = "#/login"; location.reload(); };
  return html`<footer class="start-foot small muted">
    <span>Bakeoff ${app.version}</span>
    <a href="api/openapi.json">${t("start.api")}</a>
    ${app.login && html`<${Button} small kind="quiet" onClick=${leave}>${t("login.leave")}<//>`}
  </footer>`;
}

export default function Start({ app }) {
  const { data, error, reload } = useFetch("api/projects");
  const [upload, take] = useState(null);
  const ready = useStyles("start");
  useTitle(upload ? t("start.new") : t("start.title"));
  if (error && !data) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!data || !ready) return html`<${Loading} as="page" />`;
  if (upload) return html`<${Setup} first=${upload} onBack=${() => take(null)} />`;
  const none = data.projects.length === 0;
  return html`
    ${none ? html`<div class="welcome"><h1>${t("start.welcome")}</h1><p class="lead">${t("start.welcome_lead")}</p></div>`
    : html`<div class="head"><h1>${t("start.title")}</h1></div><${Projects} projects=${data.projects} />`}
    ${data.single ? html`<p class="muted start-single">${t("start.single")}</p>`
    : html`<section aria-label=${t("start.new")}>${!none && html`<h2>${t("start.new")}</h2>`}
      <${Begin} examples=${data.examples} onUpload=${take} /></section>`}
    <${Footer} app=${app} />`;
}
