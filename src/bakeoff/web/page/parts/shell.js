// The frame around every page: where one is, where one can go, what is running, language and look.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { useGone, useStored } from "../lib/hooks.js";
import { href } from "../lib/route.js";
import { lang, t } from "../lib/words.js";
import { JobChip } from "./job.js";

export const PAGES = ["needs", "models", "sheet", "compare", "label", "cost", "decision", "playground"];

function Look() {
  const [look, set] = useStored("look", "auto");
  useEffect(() => {
    if (look === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = look;
  }, [look]);
  const next = { auto: "light", light: "dark", dark: "auto" }[look];
  const sign = { auto: "◐", light: "☼", dark: "☾" }[look];
  return html`<button type="button" class="icon-button" title=${t(`app.look.${look}`)}
    aria-label=${t(`app.look.${look}`)} onClick=${() => set(next)}><span aria-hidden="true">${sign}</span></button>`;
}

export function Shell({ route, single, onLang, children }) {
  const gone = useGone();
  const opened = useRef(false);
  const { project, page } = route;
  useEffect(() => {  // on a phone the names of the pages do not all fit
    document.querySelector(".top nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    // A link within a page is gone with it: the keyboard goes on at the new page, not at the top of the window.
    if (opened.current && document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
    opened.current = true;
  }, [project, page]);
  const other = lang === "vi" ? "en" : "vi";
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>${t("app.skip")}</a>
    <header class="top">
      <a class="brand" href=${single && project ? href(project, "sheet") : "#/"} aria-label=${t("app.home")}>
        <img src="page/icon.svg" alt="" width="22" height="22" /><span>Bakeoff</span></a>
      ${project !== null && html`<span class="where" title=${project}><bdi>${project}</bdi></span>
      <nav aria-label=${t("app.pages")}>${PAGES.map((one) => html`<a href=${href(project, one)}
        aria-current=${one === page ? "page" : undefined}>${t(`nav.${one}`)}</a>`)}</nav>`}
      <div class="tools">
        ${project !== null && html`<${JobChip} project=${project} />`}
        <button type="button" class="icon-button" lang=${other} onClick=${() => onLang(other)}
          aria-label=${t("app.other_language")}>${other.toUpperCase()}</button>
        <${Look} />
      </div>
    </header>
    ${gone && html`<div class="gone" role="alert">${t("app.gone_trying")}</div>`}
    <main id="main" tabindex="-1" class=${`page page-${page}`}>${children}</main>`;
}
