// The judge's set-up as a form. What it does not show (seed, bar, further keys) stays in the project file as it is.

import { html, useState } from "../../vendor/preact.js";
import { of, put } from "../../lib/api.js";
import { lang, t } from "../../lib/words.js";
import { Button, Checkbox, Input, Notice, Problem, Segmented, Select, TextArea } from "../../parts/basic.js";

const URL = "url";
const EMPTY = { name: "", description: "" };

function asForm({ settings, presets }) {
  const known = (via) => via === "embedded" || presets.some((one) => one.name === via);
  return {
    models: (settings?.models ?? [{ model: "" }]).map((one) => {
      const via = one.via ?? "embedded";
      return { ...one, route: known(via) ? via : URL, url: known(via) ? "" : via };
    }),
    form: settings?.form ?? "pairwise",
    language: settings ? settings.language ?? "en" : lang,
    criteria: settings?.criteria ?? [],
    reference: settings?.reference ?? "",
    rows: settings?.rows ? String(settings.rows) : "",
    allow_family: settings?.allow_family ?? false,
  };
}

/** What is sent: only keys that the form knows. */
const asSettings = (form, stamp) => ({
  stamp,
  models: form.models.map((one) => ({ model: one.model.trim(), via: one.route === URL ? one.url.trim() : one.route, build: one.build?.trim() || null, name: one.name || null, key: one.key || null })),
  form: form.form, language: form.language, allow_family: form.allow_family,
  criteria: form.criteria.filter((one) => one.name.trim()).map((one) => ({ name: one.name.trim(), description: one.description ?? "", low: one.low ?? 1, high: one.high ?? 5, weight: Number(one.weight ?? 1) })),
  reference: form.reference.trim() || null,
  rows: form.rows.trim() ? Number(form.rows) : null,
});

export function SetUp({ project, data, onSaved, onCancel }) {
  const [form, set] = useState(() => asForm(data));
  const [stamp, see] = useState(data.stamp);
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  const change = (more) => { set({ ...form, ...more }); if (error?.kind !== "conflict") fail(null); };
  const model = (i, more) => change({ models: form.models.map((one, place) => (place === i ? { ...one, ...more } : one)) });
  const rows = form.rows.trim() === "" || (Number.isInteger(Number(form.rows)) && Number(form.rows) > 0);
  const ready = rows && form.models.every((one) => one.model.trim() && (one.route !== URL || one.url.trim()));
  const save = async (event) => {
    event?.preventDefault();
    work(true);
    try {
      await put(of(project, "judge"), asSettings(form, stamp));
      onSaved();
    } catch (told) {
      fail(told);
      if (told.kind === "conflict") see(told.more.stamp);
      work(false);
    }
  };
  const routes = [...data.presets.map((one) => [one.name, one.title]), ["embedded", t("label.judge.here")], [URL, t("label.judge.address")]];
  const key = (name) => data.presets.find((one) => one.name === name)?.key;
  return html`<form class="ab-form" onSubmit=${save}>
    ${form.models.map((one, i) => html`<fieldset key=${i}><legend>${form.models.length > 1 ? t("label.judge.model_n", { n: i + 1 }) : t("label.judge.who")}</legend>
      <div class="ab-fields"><${Select} label=${t("label.judge.where")} value=${one.route} options=${routes} onChange=${(route) => model(i, { route })}
          hint=${key(one.route) ? t("label.judge.key", { key: key(one.route) }) : null} />
        ${one.route === URL && html`<${Input} label=${t("label.judge.address")} value=${one.url} onInput=${(url) => model(i, { url })} placeholder="http://127.0.0.1:8080/v1" required />`}
        <${Input} label=${t("label.judge.model")} hint=${t("label.judge.model_hint")} value=${one.model} onInput=${(name) => model(i, { model: name })} required maxlength="500" />
        ${one.route === "embedded" && html`<${Input} label=${t("label.judge.build")} hint=${t("label.judge.build_hint")} value=${one.build ?? ""} onInput=${(build) => model(i, { build })} placeholder="gguf:Q4_K_M" maxlength="100" />`}</div>
      ${form.models.length > 1 && html`<${Button} small kind="danger" onClick=${() => change({ models: form.models.filter((_, place) => place !== i) })}>${t("label.judge.remove")}<//>`}
    </fieldset>`)}
    <p><${Button} small onClick=${() => change({ models: [...form.models, { model: "", route: form.models[0].route, url: form.models[0].url }] })}>${t("label.judge.add_model")}<//></p>
    <${Segmented} label=${t("label.judge.form")} value=${form.form} onChange=${(value) => change({ form: value })} options=${[["pairwise", t("label.judge.pairwise")], ["rubric", t("label.judge.rubric")]]} />
    <fieldset><legend>${t("label.judge.criteria")}</legend><p class="hint">${t("label.judge.criteria_hint")}</p>
      ${form.criteria.map((one, i) => html`<div class="ab-criterion" key=${i}>
        <${Input} label=${t("label.judge.criterion")} value=${one.name} maxlength="41" onInput=${(name) => change({ criteria: form.criteria.map((other, place) => (place === i ? { ...other, name } : other)) })} />
        <${TextArea} label=${t("label.judge.description")} rows=${2} value=${one.description ?? ""} onInput=${(description) => change({ criteria: form.criteria.map((other, place) => (place === i ? { ...other, description } : other)) })} />
        <${Button} small onClick=${() => change({ criteria: form.criteria.filter((_, place) => place !== i) })}>${t("label.judge.remove")}<//></div>`)}
      <p><${Button} small onClick=${() => change({ criteria: [...form.criteria, EMPTY] })}>${t("label.judge.add_criterion")}<//></p></fieldset>
    <div class="ab-fields">
      <${Input} label=${t("label.judge.reference")} hint=${t("label.judge.reference_hint", { example: `{{ ${data.columns.at(-1)} }}` })} value=${form.reference} onInput=${(reference) => change({ reference })} />
      <${Input} label=${t("label.judge.rows")} hint=${t("label.judge.rows_hint")} value=${form.rows} inputmode="numeric" onInput=${(value) => change({ rows: value })} error=${rows ? null : t("label.judge.not_a_number")} />
      <${Select} label=${t("label.judge.language")} value=${form.language} options=${[["en", "English"], ["vi", "Tiếng Việt"]]} onChange=${(language) => change({ language })} />
    </div>
    ${(error?.kind === "family" || form.allow_family) && html`<${Checkbox} label=${t("label.judge.allow_family")} checked=${form.allow_family} onChange=${(allow_family) => change({ allow_family })} />`}
    ${error?.kind === "conflict" ? html`<${Notice} kind="warn" title=${t("label.judge.conflict")}><p>${t("label.judge.conflict_hint")}</p><pre tabindex="0">${JSON.stringify(error.more.theirs, null, 2)}</pre><//>`
      : error?.kind === "family" ? html`<${Notice} kind="bad" title=${error.message} /> `
      : error && html`<${Problem} error=${error} />`}
    <div class="row"><${Button} kind="primary" type="submit" busy=${busy} disabled=${!ready}>${error?.kind === "conflict" ? t("label.judge.save_mine") : t("app.save")}<//>
      ${onCancel && html`<${Button} onClick=${onCancel}>${t("app.cancel")}<//>`}</div>
  </form>`;
}
