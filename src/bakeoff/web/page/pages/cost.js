// Cost: every candidate per token, on rented GPUs and on own hardware, at a load that is changed here.

import { html, useState } from "../vendor/preact.js";
import { of, put } from "../lib/api.js";
import { useMedia, useStyles, useTitle } from "../lib/hooks.js";
import { href } from "../lib/route.js";
import { count, decimal, percent, t } from "../lib/words.js";
import { Button, Loading, Notice, Problem } from "../parts/basic.js";
import { blank, cleaned, same, useCosts } from "./cost/asking.js";
import { Form } from "./cost/form.js";
import { Matters } from "./cost/matters.js";
import { moneyIn } from "./cost/money.js";
import { Options } from "./cost/options.js";
import { Notes, Unknown } from "./cost/said.js";
import { Sources } from "./cost/sources.js";
import { Tuning } from "./cost/tuning.js";
import { Volume } from "./cost/volume.js";
import { wayOf } from "./cost/ways.js";

export default function Cost({ route, project }) {
  const ready = useStyles("cost");
  useTitle(t("nav.cost"), project);
  const tuning = route.rest[0] === "tuning";
  if (!ready) return html`<${Loading} as="page" />`;
  return html`<nav class="tabs" aria-label=${t("cost.tabs")}>
      <a href=${href(project, "cost")} aria-current=${tuning ? undefined : "page"}>${t("cost.tab.running")}</a>
      <a href=${href(project, "cost", { rest: ["tuning"] })} aria-current=${tuning ? "page" : undefined}>${t("cost.tab.tuning")}</a>
    </nav>
    ${tuning ? html`<${Tuning} project=${project} />` : html`<${Running} project=${project} />`}`;
}

function Running({ project }) {
  const wide = useMedia("(min-width: 62rem)");
  const { data, draft, seen, look, change, replace, loading, error, retry } = useCosts(project);
  if (!data) return error ? html`<${Problem} error=${error} retry=${retry} />` : html`<${Loading} text=${t("cost.counting")} />`;
  const money = moneyIn(draft.currency, draft.units_per_usd);
  const form = html`<${Form} data=${data} draft=${draft} change=${change} foot=${html`<${Save} project=${project} data=${data}
    seen=${seen} look=${look} draft=${draft} replace=${replace} />`} />`;
  return html`<${Head} data=${data} money=${money} stale=${loading} />
    <div class="costs">
      ${wide && form}
      <div class=${loading ? "results stale" : "results"} aria-busy=${loading}>
        ${error && html`<${Problem} error=${error} retry=${retry} />`}
        ${data.options.length === 0
          ? html`<${Notice}>${t("cost.nothing_hint")}<//>`
          : html`<${Options} data=${data} money=${money} />`}
        ${!wide && form}
        <${Unknown} found=${data.unknown} />
        ${data.options.length > 1 && html`<${Volume} data=${data} money=${money} />`}
        ${data.options.length > 0 && html`<${Matters} data=${data} money=${money} />`}
        <${Notes} data=${data} />
        <${Sources} data=${data} />
      </div>
    </div>`;
}

/** The sentence first: what is cheapest, and how sure that is. */
function Head({ data, money, stale }) {
  const best = data.options.find((one) => one.where !== "interruptible");
  const { load, years } = data;
  const tokens = (name) => {
    const found = data.defaults.measured.map((one) => one[name]);
    const asked = data.asked[name];
    if (asked !== undefined || !found.length) return decimal(asked ?? data.defaults[name], 0);
    const [low, high] = [Math.min(...found), Math.max(...found)].map((n) => decimal(n, 0));
    return low === high ? low : `${low}–${high}`;
  };
  return html`<div class=${stale ? "head stale" : "head"}><div>
    <h1>${best ? t("cost.cheapest", { model: best.model, way: wayOf(best), month: money(best.monthly_usd) }) : t("cost.nothing")}</h1>
    <p class="lead">${best && html`${t("cost.cheapest_total", { years, total: money(best.total_usd.value) })}${" "}${best.total_usd.low < best.total_usd.high && t("cost.cheapest_range", {
        low: money(best.total_usd.low), high: money(best.total_usd.high) })} `}
      ${t("cost.at_load", { requests: count(load.requests_per_day), prompt: tokens("prompt_tokens"),
        output: tokens("output_tokens") })}${load.growth_per_year ? t("cost.growing", { growth: percent(load.growth_per_year) }) : ""}</p>
  </div></div>`;
}

/** What was changed here goes into the project file, as [cost]. */
function Save({ project, data, seen, look, draft, replace }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const dirty = !same(cleaned(draft), data.saved);
  const save = async (stamp) => {
    setBusy(true);
    try {
      const found = await put(of(project, "cost"), { cost: cleaned(draft), stamp });
      replace(found.saved, found);
      setProblem(null);
      setDone(true);
    } catch (error) { setProblem(error); }
    setBusy(false);
  };
  const conflict = problem?.kind === "conflict";
  return html`<div class="save">
    <div class="row">
      <${Button} kind="primary" busy=${busy} disabled=${!dirty} onClick=${() => save(seen)}>${t("cost.save")}<//>
      <${Button} kind="quiet" disabled=${!dirty} onClick=${() => { replace(data.saved); setProblem(null); }}>${t("cost.undo")}<//>
      <${Button} kind="quiet" disabled=${blank(draft)} onClick=${() => replace({})}>${t("cost.defaults")}<//>
    </div>
    <p class="hint" role="status">${!dirty && done ? t("cost.saved") : t("cost.save_hint")}</p>
    ${conflict && html`<${Notice} kind="warn" title=${t("cost.conflict")}
        action=${html`<span class="row"><${Button} small onClick=${() => { look(problem.more.stamp); replace(problem.more.theirs); setProblem(null); }}>${t("cost.take_theirs")}<//>
          <${Button} small onClick=${() => save(problem.more.stamp)}>${t("cost.keep_mine")}<//></span>`}>
      <code>${Object.entries(problem.more.theirs).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join("; ")}</code><//>`}
    ${problem && !conflict && html`<${Problem} error=${problem} />`}
  </div>`;
}
