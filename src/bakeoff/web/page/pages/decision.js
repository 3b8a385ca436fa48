// Decision: one sentence, why, and what would change it; then report, lock, history, challengers and how to run it.

import { html } from "../vendor/preact.js";
import { href } from "../lib/route.js";
import { useStyles, useTitle } from "../lib/hooks.js";
import { t } from "../lib/words.js";
import { Badge, Empty, Loading, Problem } from "../parts/basic.js";
import { Again } from "./decision/again.js";
import { useDecision } from "./decision/asking.js";
import { Deploy } from "./decision/deploy.js";
import { Lock } from "./decision/lock.js";
import { Report } from "./decision/report.js";
import { Rule } from "./decision/rule.js";
import { Why } from "./decision/why.js";

const KIND = { better: "good", "not worse": "good", "only one": "quiet", "cannot be told apart": "warn", "no answer": "quiet", barred: "bad" };

export default function Decision({ project }) {
  const ready = useStyles("decision");
  useTitle(t("nav.decision"), project);
  const { data, draft, seen, change, replace, loading, error, reload } = useDecision(project);
  if (!ready || (!data && !error)) return html`<${Loading} as="page" />`;
  if (!data) return html`<${Problem} error=${error} retry=${reload} />`;
  const { decision } = data;
  if (decision.verdict === "no answer" && !decision.models.some((one) => one.counts.answered)) {
    return html`<${Empty} title=${t("decision.nothing")} action=${html`<a class="button primary" href=${href(project, "sheet")}>${t("decision.to_sheet")}</a>`}>
      ${t("decision.nothing_hint")}<//>`;
  }
  return html`<div class=${loading ? "head verdict stale" : "head verdict"} aria-busy=${loading}><div>
      <${Badge} kind=${KIND[decision.verdict] ?? "quiet"}>${data.verdict}<//>
      <h1>${data.sentence}</h1>
      ${data.missing > 0 && html`<p class="lead">${t("decision.missing", { n: data.missing })} <a href=${href(project, "sheet")}>${t("decision.to_sheet")}</a></p>`}
    </div></div>
    ${error && html`<${Problem} error=${error} retry=${reload} />`}
    <div class="decided">
      <div class=${loading ? "why stale" : "why"}><${Why} data=${data} project=${project} /></div>
      <aside><${Rule} project=${project} data=${data} seen=${seen} draft=${draft} change=${change} replace=${replace} /></aside>
    </div>
    <${Report} project=${project} stamp=${`${data.stamp} ${decision.choice}`} />
    <${Lock} project=${project} onChange=${reload} stamp=${data.stamp} />
    <${Again} project=${project} onChange=${reload} />
    ${decision.models.length > 0 && html`<${Deploy} project=${project} choice=${decision.choice} names=${decision.models.map((one) => one.model)} />`}`;
}
