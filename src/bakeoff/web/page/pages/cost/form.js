// What the sums rest on: every number shows what counts where nothing is typed, and whence that is.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useFetch } from "../../lib/hooks.js";
import { day, decimal, lang, t } from "../../lib/words.js";
import { Button, Checkbox, Field, Input, Segmented, Select } from "../../parts/basic.js";
import { machineName } from "./ways.js";

const plain = (n) => String(Number(Number(n).toPrecision(6)));

/** A number that may be left to its default. `times`: shown so many times as large (percent). */
export function Number_({ label, hint, value, usual, from, onChange, times = 1, least = 0, most, step = "any" }) {
  const shown = value === undefined || value === null ? "" : plain(value * times);
  const [text, setText] = useState(shown);
  const typed = useRef(shown);
  useEffect(() => { if (shown !== typed.current) { typed.current = shown; setText(shown); } }, [shown]);
  const input = (event) => {
    setText(event.target.value);
    const number = event.target.value === "" ? undefined : Number(event.target.value) / times;
    typed.current = number === undefined ? "" : plain(number * times);
    if (number === undefined ? event.target.validity.valid : Number.isFinite(number)) onChange(number);
  };
  const usually = usual === undefined || usual === null ? t("cost.form.none") : decimal(usual * times, usual * times < 1 ? 4 : 2);
  return html`<${Field} label=${label} hint=${[hint, from].filter(Boolean).join(" ") || undefined} class="with-default">
    ${(ids) => html`<input type="number" inputmode="decimal" min=${least} max=${most} step=${step} ...${ids}
      placeholder=${usually} value=${text} onInput=${input} class=${text === "" ? "" : "own-value"} />`}<//>`;
}

export function Form({ data, draft, change, foot }) {
  const { defaults } = data;
  const from = (name) => (defaults.from_needs.includes(name) ? t("cost.form.from_needs") : t("cost.form.from_usual"));
  const field = (name, more = {}) => html`<${Number_} label=${t(`cost.form.${name}`)} value=${draft[name]} usual=${defaults[name]}
    from=${draft[name] === undefined ? from(name) : undefined} onChange=${(value) => change({ [name]: value })} ...${more} />`;
  const tokens = (name) => {
    const found = defaults.measured.map((one) => one[name]);
    const mean = found.length ? found.reduce((a, b) => a + b) / found.length : undefined;
    return field(name, { usual: mean ?? defaults[name],
      from: draft[name] !== undefined ? undefined : found.length ? t("cost.form.from_run", { n: found.length }) : from(name) });
  };
  const part = (name, body, open = matchMedia("(min-width: 62rem)").matches) => html`<details open=${open} class="part"><summary>${t(`cost.form.part.${name}`)}</summary><div class="fields">${body}</div></details>`;
  return html`<form class="asked" aria-label=${t("cost.form.title")} onSubmit=${(event) => event.preventDefault()}>
    ${part("load", html`${field("requests_per_day")}${tokens("prompt_tokens")}${tokens("output_tokens")}
      ${field("growth_per_year", { times: 100, least: -99 })}
      ${field("peak", { usual: defaults.peak.value, least: 1, hint: t("cost.form.peak_hint") })}
      ${field("years", { least: 1, most: 10, step: 1 })}`)}
    ${part("machines", html`<${Machines} data=${data} draft=${draft} change=${change} />`)}
    ${part("targets", html`${field("first_token_ms")}${field("least_speed")}${field("max_wait_seconds")}`, false)}
    ${part("api", html`<${Checkbox} label=${t("cost.form.hosted")} checked=${draft.hosted ?? defaults.hosted}
        onChange=${(hosted) => change({ hosted })} />
      ${field("cached_share", { times: 100, most: 100 })}${field("thinking_tokens")}
      <${Checkbox} label=${t("cost.form.batch")} checked=${draft.batch === true} onChange=${(batch) => change({ batch: batch || undefined })} />`, false)}
    ${part("running", html`<${Electricity} data=${data} draft=${draft} change=${change} />
      ${field("staff_usd_per_month", { usual: 0, from: undefined, hint: t("cost.form.staff_hint") })}
      ${field("life_years", { usual: assumed(data, "life_years"), least: 0.25, most: 20, from: undefined })}
      ${field("residual_share", { times: 100, usual: 0, most: 100, from: undefined })}
      ${field("pue", { usual: assumed(data, "pue"), least: 1, most: 5, from: undefined, hint: t("cost.form.pue_hint") })}
      <${Checkbox} label=${t("cost.form.on_demand")} checked=${draft.on_demand === true} onChange=${(on) => change({ on_demand: on || undefined })} />
      ${draft.on_demand && field("idle_seconds")}`, false)}
    ${part("currency", html`<${Currency} draft=${draft} change=${change} />`, false)}
    ${foot}
  </form>`;
}

/** What the first machine is counted with, of something that depends on the machine. */
const assumed = (data, name) => data.options.flatMap((one) => one.assumptions).find((one) => one.name.startsWith(`${name}:`))?.estimate.value;

function Machines({ data, draft, change }) {
  const named = draft.machines ?? data.defaults.machines;
  const [text, setText] = useState("");
  const names = useFetch("api/hardware/names").data?.names ?? [];
  const add = () => {
    const name = text.trim();
    if (!name) return;
    if (!named.includes(name)) change({ machines: [...named, name] });
    setText("");
  };
  const without = (table, name) => table && Object.fromEntries(Object.entries(table).filter(([one]) => one !== name));
  const remove = (name) => change({ machines: named.filter((one) => one !== name), prices: without(draft.prices, name),
    rents: without(draft.rents, name), measured: without(draft.measured, name) });
  return html`<ul class="machines">${named.map((name) => html`<li key=${name}>
      <div class="row"><strong>${machineName(name)}</strong>
        <button type="button" class="icon-button" aria-label=${t("cost.form.remove", { machine: machineName(name) })} onClick=${() => remove(name)}>×</button></div>
      <${Prices} name=${name} data=${data} draft=${draft} change=${change} /></li>`)}</ul>
    ${named.length === 0 && html`<p class="hint">${t("cost.form.no_machines")}</p>`}
    <div class="adding"><${Input} label=${t("cost.form.add_machine")} hint=${t("cost.form.add_machine_hint")} value=${text} list="machine-names"
        onInput=${setText} onKeyDown=${(event) => { if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); add(); } }} />
      <${Button} disabled=${!text.trim()} onClick=${add}>${t("cost.form.add")}<//></div>
    <datalist id="machine-names"><option value="this machine" />${names.map((one) => html`<option value=${one.name} />`)}</datalist>`;
}

/** The user's own prices of a machine, over those that are known with their dates. */
function Prices({ name, data, draft, change }) {
  const seen = useRef({});
  const parts = data.options.filter((one) => one.machine === name).flatMap((one) => one.assumptions.map((part) => ({ ...part, option: one })));
  const find = (start) => parts.filter((one) => one.name.startsWith(start) && one.estimate.detail !== "as given")
    .sort((a, b) => a.estimate.value - b.estimate.value);
  const known = { prices: find(`purchase_usd:${name}`)[0], rents: find(`usd_per_hour:${name}`).find((one) => !one.name.endsWith("interruptible")) };
  for (const [key, found] of Object.entries(known)) if (found) seen.current[key] = found.estimate;
  const set = (table) => (value) => change({ [table]: { ...draft[table], [name]: value } });
  const said = (estimate) => (estimate ? t("cost.form.known", { low: decimal(estimate.low, 2), high: decimal(estimate.high, 2),
    date: estimate.as_of ? day(estimate.as_of) : "–" }) : t("cost.form.unknown"));
  const field = (table) => html`<${Number_} label=${t(`cost.form.${table}`)} value=${draft[table]?.[name]} usual=${seen.current[table]?.value}
    hint=${table === "measured" ? undefined : said(seen.current[table])} onChange=${set(table)} />`;
  return html`<div class="prices">${field("prices")}${field("rents")}${field("measured")}</div>`;
}

function Electricity({ data, draft, change }) {
  const tariffs = data.defaults.electricity;
  const own = draft.electricity !== undefined && !tariffs.some((one) => one.code === draft.electricity);
  const regions = new Intl.DisplayNames(lang, { type: "region" });
  const name = (one) => (one.code ? regions.of(one.code.toUpperCase()) : t("cost.form.anywhere"));
  const options = tariffs.map((one) => [one.code, `${name(one)}: ${decimal(one.usd_per_kwh.value, 3)}`]);
  const chosen = tariffs.find((one) => one.code === (draft.electricity ?? ""));
  return html`<${Select} label=${t("cost.form.electricity")} value=${own ? "own" : draft.electricity ?? ""}
      hint=${chosen && t("cost.form.known", { low: decimal(chosen.usd_per_kwh.low, 3), high: decimal(chosen.usd_per_kwh.high, 3), date: chosen.usd_per_kwh.as_of ? day(chosen.usd_per_kwh.as_of) : "–" })}
      options=${[...options, ["own", t("cost.form.own_price")]]}
      onChange=${(value) => change({ electricity: value === "own" ? plain((chosen ?? tariffs[0]).usd_per_kwh.value) : value || undefined })} />
    ${own && html`<${Number_} label=${t("cost.form.kwh")} value=${Number(draft.electricity)} most=${10}
      onChange=${(value) => change({ electricity: value === undefined ? undefined : plain(value) })} />`}`;
}

function Currency({ draft, change }) {
  const [code, setCode] = useState(draft.currency ?? "USD");
  useEffect(() => setCode(draft.currency ?? "USD"), [draft.currency]);
  const pick = (next) => {
    setCode(next);
    change(next === "USD" ? { currency: undefined, units_per_usd: undefined } : { currency: next });
  };
  return html`<${Segmented} label=${t("cost.form.currency")} value=${code} onChange=${pick}
      options=${["USD", "VND", "EUR"].map((one) => [one, one])} />
    ${code !== "USD" && html`<${Number_} label=${t("cost.form.rate", { currency: code })} hint=${t("cost.form.rate_hint")}
      value=${draft.units_per_usd} onChange=${(units_per_usd) => change({ units_per_usd: units_per_usd > 0 ? units_per_usd : undefined })} />`}`;
}
