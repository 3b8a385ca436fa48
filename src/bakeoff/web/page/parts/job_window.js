// The window behind the chip: how far each candidate is, what was said, stop; at the end how it went, and resume.

import { html, useState } from "../vendor/preact.js";
import { bytes, count, duration, money, rate, t } from "../lib/words.js";
import { Button, Dialog, Notice, Problem, Progress } from "./basic.js";
import { ending, startJob, stopJob } from "./job.js";

const KIND = { finished: "good", rest: "warn", errors: "bad", stopped: "info", failed: "bad", killed: "warn" };
const SHOWN_NOTES = 8;

export default function JobWindow({ project, job, onClose }) {
  const [error, fail] = useState(null);
  const [busy, set] = useState(false);
  const act = async (work) => {
    set(true);
    fail(null);
    try { await work(); } catch (problem) { fail(problem); }
    set(false);
  };
  const running = job.state === "running";
  const left = job.total - job.done - job.failed;
  const again = !running && job.options && (left > 0 || job.state !== "finished" || job.outcomes.some((one) => one.error));
  const footer = html`
    ${running && html`<${Button} kind="danger" busy=${busy} onClick=${() => act(() => stopJob(project))}>${t("job.stop")}<//>`}
    ${again && html`<${Button} kind="primary" busy=${busy} onClick=${() => act(() => startJob(project, job.verb, job.options))}>${t("job.resume")}<//>`}
    ${!running && job.verb === "run" && job.failed > 0 && html`<${Button} busy=${busy}
      onClick=${() => act(() => startJob(project, "run", { ...job.options, retry_failed: true }))}>${t("job.retry_failed")}<//>`}
    <${Button} onClick=${onClose}>${t("app.close")}<//>`;
  return html`<${Dialog} title=${t(`job.verb.${job.verb}`)} onClose=${onClose} footer=${footer}>
    <${Problem} error=${error} />
    <${End} job=${job} />
    <${Facts} job=${job} />
    ${running && job.download && html`<${Download} found=${job.download} />`}
    ${job.candidates.length > 0 && html`<ul class="job-candidates">${job.candidates.map((one) => html`<${Candidate} key=${one.name} one=${one} />`)}</ul>`}
    <${Outcomes} job=${job} />
    <${Notes} notes=${job.notes} />
    ${running && html`<p class="hint">${t("job.survives")}</p>`}
  <//>`;
}

function End({ job }) {
  const end = ending(job);
  if (!end) return null;
  return html`<${Notice} kind=${KIND[end]} title=${job.error?.message ?? t(`job.end.${end}`)}>
    ${job.error ? job.error.hint : t(`job.end_hint.${end}`)}<//>`;
}

function Facts({ job }) {
  const found = [
    job.total > 0 && [t("job.fact.cells"), `${count(job.done)} / ${count(job.total)}`],
    job.failed > 0 && [t("job.fact.failed"), count(job.failed)],
    job.state === "running" && job.rate_per_second && [t("job.fact.rate"), t("job.rate", { n: rate(job.rate_per_second) })],
    job.state === "running" && job.seconds_left && [t("job.fact.left"), duration(job.seconds_left)],
    [t("job.fact.time"), duration(job.seconds ?? 0)],
    job.tokens > 0 && [t("job.fact.tokens"), count(job.tokens)],
    job.cost_usd != null && [t("job.fact.cost"), money(job.cost_usd)],
  ].filter(Boolean);
  return html`<dl class="job-facts">${found.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function Download({ found }) {
  const { name, done_bytes: done, total_bytes: total } = found;
  return html`<div class="job-download"><p>${total ? t("job.download", { name, done: bytes(done), total: bytes(total) })
    : t("job.download_open", { name, done: bytes(done) })}</p>
    ${total && html`<${Progress} done=${done} total=${total} label=${name} />`}</div>`;
}

function Candidate({ one }) {
  return html`<li><div><bdi>${one.name}</bdi>
      <span class="number">${one.failed > 0 && html`<span class="error-text">${t("job.failed", { n: one.failed })}</span> `}
      ${count(one.done)} / ${count(one.total)}</span></div>
    <${Progress} done=${one.done + one.failed} total=${one.total} failed=${one.failed} label=${one.name} /></li>`;
}

/** What went wrong, candidate by candidate, with the fix. */
function Outcomes({ job }) {
  const wrong = job.outcomes.filter((one) => one.error || one.failed || one.capped);
  if (!wrong.length) return null;
  return html`<ul class="job-outcomes">${wrong.map((one) => html`<li>
    ${one.error ? html`<strong>${one.error.message}</strong><p>${one.error.hint}</p>`
      : one.failed ? html`<strong><bdi>${one.candidate}</bdi>: ${t("job.failed", { n: one.failed })}</strong><p>${one.because}</p>` : null}
    ${one.capped && html`<p><bdi>${one.candidate}</bdi>: ${one.capped === "cost" ? t("job.capped_cost", { n: one.left }) : t("job.capped_time", { n: one.left })}</p>`}
  </li>`)}</ul>`;
}

function Notes({ notes }) {
  if (!notes.length) return null;
  return html`<details class="job-notes"><summary>${t("job.notes", { n: notes.length })}</summary>
    <ul>${notes.slice(-SHOWN_NOTES).map((one) => html`<li>${one.text}</li>`)}</ul></details>`;
}
