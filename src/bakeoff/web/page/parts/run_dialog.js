// The window that starts a run: who, which rows, under which caps; and what that costs and can show, before it starts.

import { html, useEffect, useState } from "../vendor/preact.js";
import { of, post } from "../lib/api.js";
import { useFetch } from "../lib/hooks.js";
import { count, duration, lang, money, percent, points, t } from "../lib/words.js";
import { Badge, Button, Checkbox, Dialog, Input, Notice, Problem, Segmented, Spinner } from "./basic.js";
import { startJob } from "./job.js";

const QUOTE_AFTER_MS = 250;

export default function RunDialog({ project, onClose, only, rows, retry_failed = false }) {
  const sheet = useFetch(of(project, "sheet"));
  const names = (sheet.data?.candidates ?? []).map((one) => one.name);
  const [chosen, choose] = useState(only ?? null); // null: all
  const [how, setHow] = useState(Array.isArray(rows) ? "these" : rows ? "some" : "all");
  const [n, setN] = useState(String(typeof rows === "number" ? rows : 50));
  const [cost, setCost] = useState("");
  const [minutes, setMinutes] = useState("");
  const [race, setRace] = useState(false);
  const [retry, setRetry] = useState(retry_failed);
  const [error, fail] = useState(null);
  const [busy, set] = useState(false);

  const wrong = { n: how === "some" && !whole(n), cost: cost !== "" && !positive(cost), minutes: minutes !== "" && !positive(minutes) };
  const taken = chosen ?? names;
  const options = {
    only: chosen, rows: how === "these" ? rows : how === "some" ? Number(n) : null, retry_failed: retry,
    race: race && taken.length > 1, max_cost_usd: cost === "" ? null : cost.replace(",", "."), max_minutes: minutes === "" ? null : Number(minutes.replace(",", ".")),
  };
  const possible = !Object.values(wrong).some(Boolean) && (chosen === null || chosen.length > 0);
  const quote = useQuote(project, options, possible);
  const start = async () => {
    set(true);
    fail(null);
    try { await startJob(project, "run", options); onClose(true); } catch (problem) { fail(problem); set(false); }
  };
  const toggle = (name, on) => {
    const next = names.filter((one) => (one === name ? on : taken.includes(one)));
    choose(next.length === names.length ? null : next);
  };
  const footer = html`<${Button} onClick=${() => onClose(false)}>${t("app.cancel")}<//>
    <${Button} kind="primary" busy=${busy} disabled=${!possible || quote.data?.calls === 0} onClick=${start}>${t("job.start")}<//>`;
  const ways = [["all", t("job.rows.all", { n: sheet.data?.n_rows ?? null })], ["some", t("job.rows.some")]];
  if (Array.isArray(rows)) ways.unshift(["these", t("job.rows.these", { n: rows.length })]);
  return html`<${Dialog} title=${t("job.run_title")} wide onClose=${() => onClose(false)} footer=${footer}>
    <${Problem} error=${error ?? sheet.error} />
    <div class="run-dialog">
      <div class="run-choices">
        <fieldset><legend>${t("job.who")}</legend>${(sheet.data?.candidates ?? []).map((one) => html`<div key=${one.name}>
          <${Checkbox} label=${html`<bdi>${one.name}</bdi>`} checked=${taken.includes(one.name)} onChange=${(on) => toggle(one.name, on)} />
          ${one.error && html` <${Badge} kind="warn" title=${one.error}>${t("job.not_ready")}<//>`}</div>`)}</fieldset>
        <${Segmented} label=${t("job.rows.which")} value=${how} options=${ways} onChange=${setHow} />
        ${how === "some" && html`<${Input} label=${t("job.rows.n")} hint=${t("job.rows.n_hint")} inputmode="numeric" value=${n} onInput=${setN}
          error=${wrong.n && t("job.wrong_number")} />`}
        <div class="run-caps">
          <${Input} label=${t("job.max_cost")} placeholder=${t("job.no_cap")} inputmode="decimal" value=${cost} onInput=${setCost} error=${wrong.cost && t("job.wrong_number")} />
          <${Input} label=${t("job.max_minutes")} placeholder=${t("job.no_cap")} inputmode="decimal" value=${minutes} onInput=${setMinutes} error=${wrong.minutes && t("job.wrong_number")} />
        </div>
        ${taken.length > 1 && html`<div><${Checkbox} label=${t("job.race")} checked=${race} onChange=${setRace} /><p class="hint">${t("job.race_hint")}</p></div>`}
        <${Checkbox} label=${t("job.only_failed")} checked=${retry} onChange=${setRetry} />
      </div>
      <${Quote} quote=${quote} />
    </div>
  <//>`;
}

const whole = (text) => /^\d{1,9}$/.test(text.trim()) && Number(text) > 0;
const positive = (text) => /^\d{0,9}([.,]\d{1,6})?$/.test(text.trim()) && Number(text.replace(",", ".")) > 0;

/** What a run with these options would be, asked when the choices have settled. */
function useQuote(project, options, possible) {
  const [state, set] = useState({ data: null, error: null, loading: true });
  const key = JSON.stringify(options);
  useEffect(() => {
    if (!possible) return undefined;
    const stop = new AbortController();
    set((old) => ({ ...old, loading: true }));
    const timer = setTimeout(() => post(of(project, "jobs"), { verb: "run", options, dry_run: true }, { signal: stop.signal }).then(
      (data) => set({ data, error: null, loading: false }),
      (error) => { if (error.name !== "AbortError") set({ data: null, error, loading: false }); },
    ), QUOTE_AFTER_MS);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [key, possible]);
  return state;
}

const between = (estimate, show) => {
  if (!estimate) return t("job.unknown");
  const [value, low, high] = [estimate.value, estimate.low, estimate.high].map(show);
  return low === high ? value : t("job.between", { value, low, high });
};
const time = (minutes) => duration(minutes * 60);
const tokens = (n) => count(n >= 10_000 ? Math.round(n / 100) * 100 : n);

function Quote({ quote: { data, error, loading } }) {
  if (error) return html`<div class="run-quote"><${Problem} error=${error} /></div>`;
  if (!data) return html`<div class="run-quote"><p class="loading"><${Spinner} /> ${t("job.quoting")}</p></div>`;
  if (!data.calls) return html`<div class="run-quote"><${Notice} title=${t("job.nothing_owed")}>${t("job.nothing_owed_hint")}<//></div>`;
  return html`<div class=${loading ? "run-quote old" : "run-quote"} aria-busy=${loading}>
    <p class="run-sum">${t("job.sum", { n: data.calls })}</p>
    <dl class="job-facts">
      <div><dt>${t("job.fact.cost")}</dt><dd>${data.cost_usd || data.candidates.some((one) => !one.local) ? between(data.cost_usd, money) : t("job.own_machine")}</dd></div>
      <div><dt>${t("job.fact.time")}</dt><dd>${between(data.minutes, time)}</dd></div>
    </dl>
    <div class="table-wrap"><table><thead><tr><th scope="col">${t("job.column.candidate")}</th><th scope="col" class="number">${t("job.column.calls")}</th>
      <th scope="col" class="number">${t("job.column.tokens")}</th><th scope="col" class="number">${t("job.column.cost")}</th></tr></thead>
      <tbody>${data.candidates.map((one) => html`<tr key=${one.candidate}><th scope="row"><bdi>${one.candidate}</bdi>
          ${one.kept > 0 && html`<span class="hint">${t("job.kept", { n: one.kept })}</span>`}</th>
        <td class="number">${count(one.calls)}</td>
        <td class="number">${one.calls ? tokens(one.prompt_tokens.value + (one.output_tokens?.value ?? 0)) : "–"}</td>
        <td class="number">${one.local && !one.cost_usd ? "–" : one.cost_usd ? money(one.cost_usd.value) : t("job.unknown")}</td></tr>`)}</tbody></table></div>
    <${Power} data=${data} />
    ${data.notes.map((note) => html`<p class="hint">${note[lang]}</p>`)}
  </div>`;
}

/** What so many rows can show, and how many the difference that matters needs. */
function Power({ data }) {
  const { detectable_gap: gap, rows_needed: needed } = data;
  if (!gap && !needed) return null;
  return html`<div class="run-power">
    ${gap && html`<p>${t("job.shows", { rows: data.rows, gap: points(gap.value), low: points(gap.low), high: points(gap.high) })}</p>`}
    ${needed && needed.value > data.rows && html`<p>${t("job.needs", { gap: points(data.gap_that_matters), rows: Math.round(needed.value), low: Math.round(needed.low), high: Math.round(needed.high) })}</p>`}
    ${needed && needed.value <= data.rows && html`<p>${t("job.enough", { gap: points(data.gap_that_matters), share: percent(0.8, 0) })}</p>`}
  </div>`;
}
