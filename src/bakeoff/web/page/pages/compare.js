// Compare: the sentence, the models with their intervals, and from every number to the rows behind it.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { of } from "../lib/api.js";
import { useEvery, useFetch, useStyles, useTitle } from "../lib/hooks.js";
import { go, href } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Button, Empty, Loading, Notice, Problem } from "../parts/basic.js";
import { useJob } from "../parts/job.js";
import { Confusion } from "./compare/confusion.js";
import { Flips } from "./compare/flips.js";
import { Pairs } from "./compare/pairs.js";
import { Repeats } from "./compare/repeats.js";
import { Results } from "./compare/results.js";
import { drawAll, Section } from "./compare/section.js";
import { Slices } from "./compare/slices.js";
import { Times } from "./compare/times.js";
import { Tradeoffs } from "./compare/tradeoffs.js";

const REFRESH = 3000; // ms between looks while a run goes on
const SHARE = 5; // times as long as the last look took, until the next one
const SETTLING = 2500; // ms in which a part that was jumped to is held in view

export default function Compare({ route, project }) {
  const ready = useStyles("compare");
  const { data, error, loading, reload } = useFetch(of(project, "compare"));
  const job = useJob(project);
  const running = job?.state === "running" && job.verb === "run";
  const [was, keep] = useState(running);
  useTitle(t("nav.compare"), project);
  const spent = useRef({ since: 0, took: 0 });
  useEffect(() => { const now = performance.now(); spent.current = loading ? { ...spent.current, since: now } : { since: now, took: now - spent.current.since }; }, [loading]);
  // Grading a large project takes seconds: the more it takes, the less often it is asked for.
  useEvery(async () => { if (!loading && performance.now() - spent.current.since > SHARE * spent.current.took) reload(); }, REFRESH, running);
  useEffect(() => { if (was && !running) reload(); keep(running); }, [running]);
  const place = route.rest[0];
  const shown = data !== null && ready;
  useEffect(() => (place && shown ? bring(`compare-${place}`) : undefined), [place, shown]);
  if (error && !data) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!data || !ready) return html`<${Loading} as="page" />`;
  if (data.missing === data.cells) return html`<h1 class="hidden">${t("nav.compare")}</h1><${Nothing} project=${project} running=${running} />`;
  return html`<${Found} data=${data} project=${project} route=${route} running=${running} />`;
}

/** Scroll to a part, and again while parts above it are drawn for the first time. */
function bring(id) {
  const part = document.getElementById(id);
  if (!part) return undefined;
  part.scrollIntoView();
  const look = new ResizeObserver(() => part.scrollIntoView());
  const stop = () => { look.disconnect(); for (const one of ["wheel", "keydown", "pointerdown"]) removeEventListener(one, stop); };
  look.observe(part.parentElement);
  for (const one of ["wheel", "keydown", "pointerdown"]) addEventListener(one, stop, { passive: true });
  setTimeout(stop, SETTLING);
  return stop;
}

function Nothing({ project, running }) {
  if (running) return html`<${Empty} title=${t("compare.running_first")}>${t("compare.running_hint")}<//>`;
  return html`<${Empty} title=${t("compare.nothing")} action=${html`<a class="button primary" href=${href(project, "sheet")}>${t("compare.to_sheet")}</a>`}>
    ${t("compare.nothing_hint")}<//>`;
}

/** The parts that this comparison has, by name. */
function parts(data) {
  const { decision } = data;
  const many = decision.models.length > 1;
  return [
    "results",
    decision.models.some((one) => one.latency_ms) && "tradeoffs",
    many && decision.pairs.length > 0 && "pairs",
    many && "flips",
    data.labels && "confusion",
    data.slices && "slices",
    decision.models.some((one) => one.latency_ms) && "times",
    decision.models.some((one) => one.repeats) && "repeats",
  ].filter(Boolean);
}

const PART = { results: Results, tradeoffs: Tradeoffs, pairs: Pairs, flips: Flips, confusion: Confusion, slices: Slices, times: Times, repeats: Repeats };

function Found({ data, project, route, running }) {
  const there = parts(data);
  const [printing, turn] = useState(false);
  const print = async () => { turn(true); await drawAll(); turn(false); setTimeout(() => window.print()); };
  return html`<div class="compare">
    <header class="compare-head">
      <h1>${data.sentence}</h1>
      <p class="lead">${t("compare.lead", { rows: data.n_rows, models: data.models.length })}</p>
      ${data.missing > 0 && html`<${Partial} data=${data} project=${project} running=${running} />`}
      ${data.models.length === 1 && html`<${Notice} title=${t("compare.only_one")}
        action=${html`<a class="button" href=${href(project, "models")}>${t("compare.to_models")}</a>`}>${t("compare.only_one_hint")}<//>`}
      <nav class="compare-places" aria-label=${t("compare.places")}>${there.map((name) => html`<a
        href=${href(project, "compare", { rest: [name] })} onClick=${(event) => jump(event, project, name, route)}>${t(`compare.part.${name}`)}</a>`)}
        <${Button} kind="quiet" small busy=${printing} onClick=${print}>${t("compare.print")}<//></nav>
    </header>
    ${there.map((name) => html`<${Section} key=${name} name=${name}><${PART[name]} data=${data} project=${project} route=${route} /><//>`)}
  </div>`;
}

/** The same place again scrolls as well. */
function jump(event, project, name, route) {
  event.preventDefault();
  if (route.rest[0] === name) bring(`compare-${name}`);
  else go(project, "compare", { rest: [name] });
}

function Partial({ data, project, running }) {
  const n = data.cells - data.missing;
  if (running) return html`<${Notice} kind="warn" title=${t("compare.partial", { n, total: data.cells })}>${t("compare.partial_running")}<//>`;
  return html`<${Notice} kind="warn" title=${t("compare.partial", { n, total: data.cells })}
    action=${html`<a class="button" href=${href(project, "sheet", { query: { state: "missing" } })}>${t("compare.to_missing")}</a>`}>
    ${t("compare.partial_hint")}<//>`;
}
