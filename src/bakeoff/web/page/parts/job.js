// What is at work in a project: one watch for all parts of the page, and a chip in the frame. The windows that show
// and start it (job_window.js, run_dialog.js) are fetched when they are first opened.

import { html, useEffect, useState } from "../vendor/preact.js";
import { del, of, post } from "../lib/api.js";
import { useStyles } from "../lib/hooks.js";
import { Watch } from "../lib/watch.js";
import { count, duration, money, percent, rate, t } from "../lib/words.js";
import { Spinner } from "./basic.js";

const IDLE = Object.freeze({ state: "idle", verb: null, options: null, candidates: [], done: 0, failed: 0, total: 0, notes: [], outcomes: [], error: null, download: null, stamp: null });
const watches = new Map();

function watch(project, listener) {
  if (!watches.has(project)) watches.set(project, new Watch(project, IDLE));
  const found = watches.get(project);
  found.listeners.add(listener);
  listener(found.job);
  return () => {
    found.listeners.delete(listener);
    if (!found.listeners.size) { found.end(); watches.delete(project); }
  };
}

/** What is at work in the project, or how the last work ended: the document of GET job. `idle` until it is known. */
export function useJob(project) {
  const [job, set] = useState(() => watches.get(project)?.job ?? IDLE);
  useEffect(() => watch(project, set), [project]);
  return job;
}

/** Start a verb; throws where it cannot be started (409: something is at work already). */
export async function startJob(project, verb, options = {}) {
  const job = await post(of(project, "jobs"), { verb, options });
  watches.get(project)?.tell(job);
  return job;
}

/** Stop what is at work; what was answered is kept. */
export async function stopJob(project) {
  const job = await del(of(project, "job"));
  watches.get(project)?.tell(job);
  return job;
}

/** "412 / 600", "3.1/s", "$0.02", "2 min left": what is known of it. */
export function facts(job) {
  const found = [];
  if (job.download) {
    const { done_bytes: done, total_bytes: total } = job.download;
    found.push(total ? t("job.fetching_share", { share: percent(done / total, 0) }) : t("job.fetching"));
  } else if (job.total) found.push(`${count(job.done + job.failed)} / ${count(job.total)}`);
  else found.push(t("job.starting"));
  if (job.rate_per_second) found.push(t("job.rate", { n: rate(job.rate_per_second) }));
  if (job.cost_usd !== null && job.cost_usd !== undefined) found.push(money(job.cost_usd));
  if (job.seconds_left) found.push(t("job.left", { time: duration(job.seconds_left) }));
  return found;
}

const RECENT_MS = 15 * 60 * 1000;
const seen = new Set(); // stamps of ends that were looked at, until the page is loaded again

/** How it ended, in a word of `job.end.*`; null while it goes on. */
export function ending(job) {
  if (job.state === "idle" || job.state === "running") return null;
  if (job.state !== "finished") return job.state;
  if (job.outcomes.some((one) => one.error)) return "errors";
  return job.failed || job.outcomes.some((one) => one.capped) ? "rest" : "finished";
}

/** A part of the page that is fetched when it is first shown. */
function later(load) {
  let Found = null;
  return (props) => {
    const [, arrived] = useState(0);
    useEffect(() => { if (!Found) load().then((module) => { Found = module.default; arrived(1); }); }, []);
    return Found ? html`<${Found} ...${props} />` : null;
  };
}
const JobWindow = later(() => import("./job_window.js"));

/** Choose candidates, rows and caps, see what it costs and can show, and start. `only` and `rows` are preset. */
export const RunDialog = later(() => import("./run_dialog.js"));

/** In the frame: what is at work, how far it is; for a while, how it ended. */
export function JobChip({ project }) {
  const job = useJob(project);
  const [open, set] = useState(false);
  const ready = useStyles("job");
  const end = ending(job);
  const recent = end && !seen.has(job.stamp) && Date.now() - Date.parse(job.ended_at ?? job.started_at) < RECENT_MS;
  if (open && end) seen.add(job.stamp);
  const known = facts(job);
  return html`<span class="job-chip">
    <span class="hidden" role="status">${job.state === "running" ? t("job.now", { verb: t(`job.verb.${job.verb}`) }) : recent ? t(`job.end.${end}`) : ""}</span>
    ${ready && job.state === "running" && html`<button type="button" class="job-button" onClick=${() => set(true)}
        aria-haspopup="dialog" aria-label=${t("job.show", { facts: known.join(", ") })}>
      <${Spinner} /><span>${known[0]}</span>${known.slice(1).map((one) => html`<span class="more">${one}</span>`)}</button>`}
    ${ready && recent && html`<button type="button" class="job-button ended ${end}" onClick=${() => set(true)}
        aria-haspopup="dialog">${t(`job.end.${end}`)}</button>`}
    ${open && html`<${JobWindow} project=${project} job=${job} onClose=${() => set(false)} />`}
  </span>`;
}
