// What stands above a sheet in which nothing was asked yet: what a run would do, take and cost.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { of, post } from "../../lib/api.js";
import { money, t } from "../../lib/words.js";
import { Button, Notice } from "../../parts/basic.js";

export function NothingRun({ project, sheet, owed, onRun }) {
  const [quote, set] = useState(null);
  const answered = Object.values(sheet.counts).some((one) => one.answered + one.failed > 0);
  const fresh = sheet.n_rows > 0 && !answered;
  useEffect(() => {
    let here = true;
    if (fresh) post(of(project, "jobs"), { verb: "run", dry_run: true }).then((found) => here && set(found), () => here && set({}));
    return () => { here = false; };
  }, [fresh, sheet.stamp]);
  if (!fresh) return null;
  const minutes = quote?.minutes?.value;
  const time = minutes === undefined || minutes === null ? null : minutes < 1 ? t("sheet.about_seconds", { n: Math.max(1, Math.round(minutes * 60)) }) : t("sheet.about_minutes", { n: Math.round(minutes) });
  const local = (quote?.candidates ?? []).length > 0 && quote.candidates.every((one) => one.local);
  const cost = local ? t("sheet.free") : quote?.cost_usd ? t("sheet.about_cost", { cost: money(quote.cost_usd.value) }) : null;
  const text = [t("sheet.run_fills", { n: owed }), time, cost].filter(Boolean).join(", ");
  return html`<div class="sheet-notice"><${Notice} title=${t("sheet.nothing_run")}
    action=${html`<${Button} kind="primary" onClick=${onRun}>${t("sheet.run.title")}<//>`}>${text}.<//></div>`;
}
