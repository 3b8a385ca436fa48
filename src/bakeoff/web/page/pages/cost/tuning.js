// Would fine-tuning pay? Memory, time and money of each method on each machine, and what it must bring.

import { html, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch, useMedia } from "../../lib/hooks.js";
import { bytes, count, decimal, duration, lang, money, t } from "../../lib/words.js";
import { Badge, Button, Input, Loading, Notice, Problem, Select } from "../../parts/basic.js";
import { Number_ } from "./form.js";
import { said } from "./said.js";

export function Tuning({ project }) {
  const [asked, set] = useState({});
  const [text, setText] = useState("");
  const { data, error, loading, reload } = useFetch(of(project, "tune") + query(asked), { wait: 120 });
  const wide = useMedia("(min-width: 62rem)");
  const change = (more) => set({ ...asked, ...more });
  if (!data) return error ? html`<${Problem} error=${error} retry=${reload} />` : html`<${Loading} text=${t("cost.counting")} />`;
  const field = (name, more) => html`<${Number_} label=${t(`cost.tune.${name}`)} value=${asked[name]} onChange=${(value) => change({ [name]: value })} ...${more} />`;
  const names = data.candidates.map((one) => one.candidate);
  const models = [...new Set([data.model, ...data.candidates.map((one) => one.model)])];
  const best = data.ways.find((one) => one.cheapest);
  const add = () => { if (text.trim()) change({ on: [...data.machines, text.trim()] }); setText(""); };
  const form = html`<form class="asked" aria-label=${t("cost.tune.title")} onSubmit=${(event) => event.preventDefault()}>
      <details open=${wide} class="part"><summary>${t("cost.tune.part.data")}</summary><div class="fields">
        <${Select} label=${t("cost.tune.model")} value=${data.model} options=${models.map((one) => [one, one])} onChange=${(model) => change({ model })} />
        ${field("rows", { usual: 1000, least: 1, step: 1 })}${field("tokens_per_row", { usual: data.data.tokens_per_row, least: 1 })}
        ${field("epochs", { usual: 3 })}${field("runs", { usual: 3, least: 1, step: 1, hint: t("cost.tune.runs_hint") })}
        ${field("data_usd", { usual: 0, hint: t("cost.tune.data_hint") })}</div></details>
      <details open=${wide} class="part"><summary>${t("cost.form.part.machines")}</summary><div class="fields">
        <ul class="machines">${data.machines.map((one) => html`<li key=${one}><div class="row"><strong>${one}</strong>
          <button type="button" class="icon-button" aria-label=${t("cost.form.remove", { machine: one })} disabled=${data.machines.length === 1}
            onClick=${() => change({ on: data.machines.filter((name) => name !== one) })}>×</button></div></li>`)}</ul>
        <div class="adding"><${Input} label=${t("cost.form.add_machine")} value=${text} onInput=${setText}
          onKeyDown=${(event) => { if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); add(); } }} />
          <${Button} disabled=${!text.trim()} onClick=${add}>${t("cost.form.add")}<//></div></div></details>
      <details open=${wide} class="part"><summary>${t("cost.tune.part.pays")}</summary><div class="fields">
        ${field("requests_per_day", { usual: data.load.requests_per_day })}
        ${field("example_tokens", { usual: 0, most: data.load.prompt_tokens, hint: t("cost.tune.example_tokens_hint", { most: decimal(data.load.prompt_tokens, 0) }) })}
        <${Input} label=${t("cost.tune.instead_of")} hint=${t("cost.tune.instead_of_hint")} value=${asked.instead_of ?? ""} onInput=${(instead_of) => change({ instead_of })} />
        ${field("value_per_answer", { hint: t("cost.tune.value_hint") })}</div></details>
    </form>`;
  return html`<div class=${loading ? "head stale" : "head"}><div>
      <h1>${best ? t("cost.tune.cheapest", { model: data.model, method: method(best.method), machine: best.machine,
        cost: money(data.cost_usd.value) }) : t("cost.tune.nothing_fits", { model: data.model })}</h1>
      <p class="lead">${data.cost_usd && t("cost.tune.range", { low: money(data.cost_usd.low), high: money(data.cost_usd.high) })}
        ${" "}${t("cost.tune.load", { rows: count(data.data.rows), tokens: decimal(data.data.tokens_per_row, 0), epochs: decimal(data.data.epochs, 1), runs: data.runs })}</p></div></div>
    <div class="costs">
      ${wide && form}
      <div class=${loading ? "results stale" : "results"} aria-busy=${loading}>
        ${error && html`<${Problem} error=${error} retry=${reload} />`}
        <${Ways} data=${data} />
        ${!wide && form}
        ${data.says.length > 0 && html`<section><h2>${t("cost.tune.pays")}</h2><ul class="lines">${data.says.map((one, i) => html`<li key=${i}>${one.text}</li>`)}</ul></section>`}
        ${names.length > 1 && html`<${Verdict} names=${names} asked=${asked} change=${change} verdict=${data.verdict} />`}
        ${data.relatives.length > 0 && html`<section><h2>${t("cost.tune.relatives")}</h2><ul class="lines">${data.relatives.map((one) => html`<li key=${one.model}>
          <strong>${one.model}</strong> <span class="muted small">${[t(`cost.tune.relation.${one.relation.replaceAll(/[ -]/g, "_")}`), one.domain, one.released].filter(Boolean).join(" · ")}</span></li>`)}</ul>
          ${data.more_relatives > 0 && html`<p class="hint">${t("cost.tune.more_relatives", { n: data.more_relatives })}</p>`}</section>`}
        <section><h2>${t("cost.notes")}</h2><ul class="lines small">${data.notes.map((one) => html`<li key=${one.code}>${one.code === "tune.data_left_out" ? t("cost.tune.data_left_out") : one.code === "tune.hosting" ? t("cost.tune.hosting") : one[lang] ?? said(one)}</li>`)}</ul></section>
      </div>
    </div>`;
}

const method = (name) => t(`cost.tune.method.${name.replace("-", "_")}`);

function Ways({ data }) {
  const rent = (way) => way.rented.filter((one) => one.class !== "interruptible").sort((a, b) => a.usd.value - b.usd.value)[0];
  return html`<section><div class="table-wrap" tabindex="0" role="group" aria-label=${t("cost.tune.title")}><table class="ways stack"><caption>${t("cost.tune.caption", { runs: data.runs })}</caption>
    <thead><tr><th>${t("cost.tune.column.method")}</th><th>${t("cost.tune.column.machine")}</th><th class="number">${t("cost.tune.column.memory")}</th>
      <th>${t("cost.tune.column.fits")}</th><th class="number">${t("cost.tune.column.time")}</th><th class="number">${t("cost.tune.column.rented")}</th>
      <th class="number">${t("cost.tune.column.own")}</th></tr></thead>
    <tbody>${data.ways.map((way) => html`<tr key=${`${way.method} ${way.machine}`}>
      <td class="across">${method(way.method)} ${way.cheapest && html`<${Badge} kind="accent">${t("cost.cheapest_badge")}<//>`}</td><td class="across">${way.machine}</td>
      <td class="number" data-label=${t("cost.tune.column.memory")}>${bytes(way.memory.total.value)}<span class="small muted build">${bytes(way.memory.total.low)} – ${bytes(way.memory.total.high)}</span></td>
      <td data-label=${t("cost.tune.column.fits")}><${Badge} kind=${!way.fits ? "bad" : way.tight ? "warn" : "good"}>${t(`cost.tune.fits.${!way.fits ? "no" : way.tight ? "tight" : "yes"}`)}<//></td>
      <td class="number" data-label=${t("cost.tune.column.time")}>${way.hours ? duration(Math.max(1, way.hours.value * 3600)) : "–"}</td>
      <td class="number" data-label=${t("cost.tune.column.rented")}><${Amount} usd=${rent(way)?.usd} /></td><td class="number" data-label=${t("cost.tune.column.own")}><${Amount} usd=${way.own_usd} /></td></tr>`)}</tbody></table></div></section>`;
}

const Amount = ({ usd }) => (usd ? html`${money(usd.value)}<span class="small muted build">${money(usd.low)} – ${money(usd.high)}</span>` : "–");

/** After a run with both as candidates. */
function Verdict({ names, asked, change, verdict }) {
  const options = [["", t("cost.tune.pick")], ...names.map((one) => [one, one])];
  return html`<section><h2>${t("cost.tune.verdict")}</h2><p class="hint">${t("cost.tune.verdict_hint")}</p>
    <div class="pair"><${Select} label=${t("cost.tune.base")} value=${asked.base ?? ""} options=${options} onChange=${(base) => change({ base: base || undefined })} />
      <${Select} label=${t("cost.tune.tuned")} value=${asked.tuned ?? ""} options=${options.filter(([one]) => !one || one !== asked.base)}
        onChange=${(tuned) => change({ tuned: tuned || undefined })} /></div>
    ${verdict && html`<${Notice} kind="info">${verdict.text}<//>`}</section>`;
}
