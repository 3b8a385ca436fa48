// The report as others will read it, in a frame that can run nothing; and the files to send.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { lang, t } from "../../lib/words.js";
import { Button, Loading, Menu, Problem, Select } from "../../parts/basic.js";
import { ShareButton } from "../../parts/share.js";

export function Report({ project, stamp }) {
  const frame = useRef(null);
  const [since, setSince] = useState("");
  const [ready, setReady] = useState(false);
  const [wanted, want] = useState(false);
  const [whole, setWhole] = useState(false);
  const [failed, setFailed] = useState(null);
  const [turn, again] = useState(0);
  const history = useFetch(of(project, "decision", "history"));
  const path = (more) => of(project, "report") + query({ lang, since, ...more });
  const source = `${path({ kind: "html" })}&v=${encodeURIComponent(stamp)}`;
  const near = useRef(null);
  useEffect(() => {
    const seen = new IntersectionObserver((entries) => { if (entries.some((one) => one.isIntersecting)) want(true); }, { rootMargin: "600px" });
    seen.observe(near.current);
    return () => seen.disconnect();
  }, []);
  useEffect(() => { setReady(false); setFailed(null); }, [source, turn]);
  /** What came may be an error, in JSON. */
  const arrived = () => {
    const found = frame.current?.contentDocument;
    if (!found || found.contentType === "text/html") return setReady(true);
    try { setFailed(JSON.parse(found.body.textContent).error); } catch { setFailed({ message: found.body.textContent }); }
    return undefined;
  };
  /** As high as the report where all of it is to be seen; printing always is so. */
  const fit = (all) => {
    const body = frame.current?.contentDocument?.documentElement;
    if (body) frame.current.style.height = all ? `${Math.ceil(body.scrollHeight) + 2}px` : "";
  };
  /** Printed, everything is unfolded, and takes more room on paper than on the screen. */
  const unfolded = () => {
    const body = frame.current?.contentDocument?.documentElement;
    if (!body) return;
    const folded = [...body.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
    frame.current.style.height = `${Math.ceil(body.scrollHeight * 1.15)}px`;
    for (const one of folded) one.open = false;
  };
  const print = () => frame.current?.contentWindow?.print();
  useEffect(() => {
    const keys = (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "p" && ready) { event.preventDefault(); print(); } };
    const heard = { keydown: keys, resize: () => fit(whole), beforeprint: unfolded, afterprint: () => fit(whole) };
    fit(whole);
    for (const [name, hear] of Object.entries(heard)) addEventListener(name, hear);
    return () => { for (const [name, hear] of Object.entries(heard)) removeEventListener(name, hear); };
  }, [ready, whole]);
  const files = ["html", "md", "json"].map((kind) => ({ text: t(`decision.file.${kind}`), href: path({ kind, download: true }) }));
  const rows = ["csv", "xlsx", "jsonl"].map((kind) => ({ text: t(`decision.rows.${kind}`), href: of(project, "export") + query({ kind }) }));
  const decisions = history.data?.decisions ?? [];
  return html`<section class="report" ref=${near}><div class="row between"><h2>${t("decision.report")}</h2>
      <div class="row"><${Menu} label=${t("decision.download")} items=${files} /><${Menu} label=${t("decision.export")} items=${rows} />
        <${Button} disabled=${!ready} onClick=${print}>${t("decision.print")}<//><${ShareButton} project=${project} /></div></div>
    ${decisions.length > 0 && html`<div class="since"><${Select} label=${t("decision.since")} value=${since} onChange=${setSince}
      options=${[["", t("decision.since_nothing")], ...decisions.map((one) => [String(one.number), `${one.number}: ${one.choice ?? "–"} (${one.at.slice(0, 10)})`])]} /></div>`}
    ${failed ? html`<${Problem} error=${failed} retry=${() => again(turn + 1)} />` : wanted && !ready && html`<${Loading} />`}
    ${wanted && !failed && html`<iframe key=${`${source} ${turn}`} ref=${frame} class=${ready ? "shown" : ""} src=${source} title=${t("decision.report_title")}
      sandbox="allow-same-origin allow-modals allow-popups" onLoad=${arrived}></iframe>`}
    ${ready && html`<${Button} kind="quiet" small aria-expanded=${whole} onClick=${() => setWhole(!whole)}>${whole ? t("decision.less_report") : t("decision.whole_report")}<//>`}</section>`;
}
