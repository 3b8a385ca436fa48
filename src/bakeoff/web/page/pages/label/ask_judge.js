// Ask the judge: what it would be asked, under which caps, and how far it is.

import { html, useState } from "../../vendor/preact.js";
import { count, t } from "../../lib/words.js";
import { Button, Input, Problem, Progress } from "../../parts/basic.js";
import { facts, startJob, stopJob } from "../../parts/job.js";

const number = (text) => (text.trim() === "" ? null : Number(text.replace(",", ".")));
const positive = (text) => text.trim() === "" || number(text) > 0;

export function AskJudge({ project, data, job }) {
  const { quote } = data;
  const [rows, setRows] = useState("");
  const [cost, setCost] = useState("");
  const [minutes, setMinutes] = useState("");
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  const whole = rows.trim() === "" || (Number.isInteger(number(rows)) && number(rows) > 0);
  const right = whole && positive(cost) && positive(minutes);
  const start = async () => {
    work(true);
    fail(null);
    try {
      await startJob(project, "judge", { rows: number(rows), max_cost_usd: number(cost), max_minutes: number(minutes) });
    } catch (told) { fail(told); }
    work(false);
  };
  const stop = () => stopJob(project).catch(fail);
  const running = job.state === "running";
  if (running && job.verb === "judge") return html`<section class="ab-ask"><h2>${t("label.judge.asking")}</h2>
    <p>${facts(job).join(" · ")}</p><${Progress} done=${job.done + job.failed} total=${job.total} label=${t("label.judge.asking")} />
    <p><${Button} onClick=${stop}>${t("label.judge.stop")}<//></p></section>`;
  return html`<section class="ab-ask"><h2>${t("label.judge.ask")}</h2>
    <p>${quote.design} ${quote.n ? quote.text : quote.judges.length > 0 && quote.items > 0 && t("label.judge.all_asked", { n: count(quote.items) })}</p>
    ${job.verb === "judge" && job.error && html`<${Problem} error=${job.error} />`}
    <div class="ab-fields">
      <${Input} label=${t("label.judge.ask_rows")} hint=${t("label.judge.ask_rows_hint", { n: count(quote.rows) })} value=${rows} onInput=${setRows} inputmode="numeric" error=${whole ? null : t("label.judge.not_a_number")} />
      <${Input} label=${t("label.judge.max_cost")} hint=${t("label.judge.max_hint")} value=${cost} onInput=${setCost} inputmode="decimal" error=${positive(cost) ? null : t("label.judge.not_a_number")} />
      <${Input} label=${t("label.judge.max_minutes")} hint=${t("label.judge.max_hint")} value=${minutes} onInput=${setMinutes} inputmode="decimal" error=${positive(minutes) ? null : t("label.judge.not_a_number")} />
    </div>
    ${error && html`<${Problem} error=${error} />`}
    <p class="row"><${Button} kind="primary" busy=${busy} disabled=${!right || running} onClick=${start}>${t("label.judge.start")}<//>
      ${running && html`<span class="muted">${t("label.judge.other_runs")}</span>`}</p></section>`;
}
