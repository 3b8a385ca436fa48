// What the list is narrowed to. Everything stands in the address, so that a list can be sent to somebody.

import { html, useState } from "../../vendor/preact.js";
import { useFetch, useTyped } from "../../lib/hooks.js";
import { collator, t } from "../../lib/words.js";
import { Button, Checkbox, Input, Select } from "../../parts/basic.js";
import { languageName } from "../needs/languages.js";
import { NARROW } from "./setting.js";

export const FILTERS = ["order", "find", "task", "language", "fits", "licence", "openness", "size", "age", "modality", "maker", "provider", "everything"];
const REST = ["size", "licence", "openness", "age", "modality", "maker", "provider"];
const [FIRST, OTHERS] = NARROW.matches ? [["order"], ["task", "language", "fits", ...REST]] : [["task", "language", "fits", "order"], REST];

const TASKS = ["chat", "code", "reasoning", "tool use", "vision", "translation", "hybrid thinking", "math", "medical", "legal", "finance",
  "long context", "audio", "multilingual", "agentic coding", "fill-in-the-middle", "formal proof", "embedding"];
export const taskName = (task) => (TASKS.includes(task) ? t(`models.task.${task}`) : task);

const OPTIONS = {
  order: () => ["best", "newest", "smallest", "largest", "name"].map((one) => [one, t(`models.order.${one}`)]),
  fits: () => ["", "room", "usable"].map((one) => [one, t(`models.fits.${one || "any"}`)]),
  licence: () => ["", "commercial", "osi-approved"].map((one) => [one, t(`models.licence.${one || "any"}`)]),
  openness: () => ["", "weights+data", "fully-open"].map((one) => [one, t(`models.openness.${one || "any"}`)]),
  size: () => [["", t("models.any")], ...["-2", "2-5", "5-10", "10-20", "20-40", "40-100", "100-"].map((one) => [one, sizeName(one)])],
  age: () => [["", t("models.any")], ...[3, 6, 12, 24].map((n) => [String(n), t("models.months", { n })])],
  task: (choices) => [["", t("models.any")], ...choices.tasks.map((one) => [one.value, `${taskName(one.value)} (${one.models})`])],
  language: (choices) => [["", t("models.any")], ...byName(choices.languages, languageName)],
  modality: (choices) => [["", t("models.any")], ...choices.modalities.map((one) => [one.value, `${t(`models.modality.${one.value}`)} (${one.models})`])],
  maker: (choices) => [["", t("models.any")], ...byName(choices.makers)],
  provider: (choices) => [["", t("models.any")], ...byName(choices.providers)],
};

const byName = (values, name = (value) => value) => values.map((one) => [one.value, `${name(one.value)} (${one.models})`])
  .sort((a, b) => collator.compare(a[1], b[1]));

function sizeName(range) {
  const [low, high] = range.split("-");
  if (!low) return t("models.size_below", { n: Number(high) });
  return high ? t("models.size_between", { low: Number(low), high: Number(high) }) : t("models.size_above", { n: Number(low) });
}

export function Filters({ asked, set }) {
  const { data: choices } = useFetch("api/catalog/choices");
  const used = OTHERS.filter((name) => asked[name]).length + (asked.everything ? 1 : 0);
  const [open, setOpen] = useState(used > 0);
  if (!choices) return null;
  const field = (name) => html`<${Select} key=${name} label=${t(`models.filter.${name}`)} value=${asked[name]}
    options=${OPTIONS[name](choices)} onChange=${(value) => set({ [name]: value || null })} />`;
  return html`<form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
    <${Find} value=${asked.find} set=${(text) => set({ find: text || null })} />
    ${FIRST.map(field)}
    <div class="filter-more"><${Button} small aria-expanded=${open} onClick=${() => setOpen(!open)}>${used
      ? t("models.more_filters_n", { n: used }) : t("models.more_filters")}<//></div>
    ${open && html`<div class="filters-rest">${OTHERS.map(field)}
      <${Checkbox} label=${t("models.filter.everything")} checked=${asked.everything === "true"}
        onChange=${(on) => set({ everything: on ? "true" : null, order: on && asked.order === "best" ? "newest" : asked.order })} /></div>`}
  </form>`;
}

function Find({ value, set }) {
  const [text, typed] = useTyped(value, set, 250);
  return html`<${Input} type="search" label=${t("models.filter.find")} placeholder=${t("models.find_hint")} value=${text} maxlength="200" onInput=${typed} />`;
}
