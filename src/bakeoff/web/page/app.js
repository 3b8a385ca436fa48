// The page begins here: language, frame, and the page that the address names, fetched when it is first opened.

import { html, render, useEffect, useState } from "./vendor/preact.js";
import { get } from "./lib/api.js";
import { store, stored } from "./lib/hooks.js";
import { go, useRoute } from "./lib/route.js";
import "./lib/token.js";
import { speak, t } from "./lib/words.js";
import { Empty, Loading, Problem } from "./parts/basic.js";
import { PAGES, Shell } from "./parts/shell.js";

const OUTSIDE = ["start", "login"];
const OUTLINE = { sheet: "sheet", playground: "talk" };
const loaded = new Map();

const look = stored("look", "auto");
if (look !== "auto") document.documentElement.dataset.theme = look;

function Page({ route, app }) {
  const [, arrived] = useState(0);
  const [error, fail] = useState(null);
  const known = route.project === null ? OUTSIDE : PAGES;
  const name = known.includes(route.page) ? route.page : null;
  useEffect(() => {
    if (name && !loaded.has(name)) import(`./pages/${name}.js`).then(
      (module) => { loaded.set(name, module.default); arrived((n) => n + 1); }, fail);
  }, [name]);
  if (name === null) return html`<${Empty} title=${t("app.no_page")}>${t("app.no_page_hint")}<//>`;
  if (error) return html`<${Problem} error=${error} retry=${() => location.reload()} />`;
  const Found = loaded.get(name);
  return Found ? html`<${Found} key=${`${route.project}/${name}`} route=${route} project=${route.project} app=${app} />` : html`<${Loading} as=${OUTLINE[route.page] ?? "page"} />`;
}

function App({ app, single }) {
  const route = useRoute();
  const [turn, redraw] = useState(0);
  const change = async (wanted) => { await speak(wanted); store("lang", wanted); redraw(turn + 1); };
  return html`<div key=${turn} class="frame"><${Shell} route=${route} single=${single} onLang=${change}>
    <${Page} route=${route} app=${app} /><//></div>`;
}

async function begin() {
  const kept = stored("lang", null);
  const [app, found] = await Promise.all([
    get("api/app"),
    get("api/projects").catch(() => null), // the token is asked for by the page that needs it
    kept && speak(kept),
  ]);
  if (!kept) await speak(app.lang);
  const single = found?.single ?? false;
  if (single && (location.hash === "" || location.hash === "#/")) go(found.projects[0].name, "sheet");
  render(html`<${App} app=${app} single=${single} />`, document.getElementById("app"));
}

begin().catch((error) => { document.getElementById("app").textContent = `Bakeoff: ${error.message}`; });
