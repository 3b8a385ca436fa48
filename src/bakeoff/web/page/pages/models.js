// The catalog with what each model takes and how fast it is on a machine; several side by side; one in full.

import { html, useEffect, useMemo, useState } from "../vendor/preact.js";
import { get, of, query } from "../lib/api.js";
import { useFetch, useStyles, useTitle } from "../lib/hooks.js";
import { go, href, requery } from "../lib/route.js";
import { t } from "../lib/words.js";
import { Button, Empty, Loading, Problem } from "../parts/basic.js";
import { Compare } from "./models/compare.js";
import { FILTERS, Filters } from "./models/filters.js";
import { Detail } from "./models/detail.js";
import { useFits } from "./models/fits.js";
import { Legend } from "./models/memory.js";
import { MachineBar } from "./models/setting.js";
import { Table } from "./models/table.js";

const PAGE = 50;
const MOST_COMPARED = 5;
const NONE = [];
const [TYPING_MS, SETTLED_MS] = [120, 700];

/** What the plans are asked about, from the address: machine, context, users, quantization. */
const settingOf = (route, own) => ({
  machine: route.query.machine ?? own, context: route.query.context ?? "8192", users: route.query.users ?? "1",
  quantization: route.query.quantization ?? "",
});

export default function Models({ route, project }) {
  const ready = useStyles("models");
  const needs = useFetch(of(project, "needs"));
  const own = needs.data?.needs.hardware;
  const machine = !own || own === "none" || own === "this machine" ? "" : own;
  useTitle(route.rest[0] === "compare" ? t("models.compare.name") : route.rest.length > 1 ? route.rest.join("/") : t("nav.models"), project);
  if (!ready || (needs.loading && !needs.data)) return html`<${Loading} as="page" />`;
  const setting = settingOf(route, machine);
  if (route.rest[0] === "compare" && route.query.with)
    return html`<${Compare} project=${project} route=${route} setting=${setting} names=${route.query.with.split(",").slice(0, MOST_COMPARED)} />`;
  const open = route.rest.length > 1 ? route.rest.join("/") : null;
  return html`<${List} project=${project} route=${route} setting=${setting} />
    ${open && html`<${Detail} key=${open} name=${open} project=${project} setting=${setting}
      close=${() => go(project, "models", { query: route.query })} />`}`;
}

function List({ project, route, setting }) {
  const [picked, setPicked] = useState(() => (route.query.with ?? "").split(",").filter(Boolean));
  const asked = Object.fromEntries(FILTERS.map((name) => [name, route.query[name] ?? ""]));
  const order = asked.order || "best";
  const depends = order === "best" || asked.fits !== "";
  const filters = query({ ...asked, order, everything: asked.everything || null });
  const { models, total, of: all, error, loading, more } = useCatalog(filters, depends ? query(setting).slice(1) : "");
  const names = useMemo(() => models.map((one) => one.id), [models]);
  const hardware = useFetch(`api/hardware${query({ machine: setting.machine })}`);
  const fits = useFits(hardware.error ? NONE : names, setting);
  const pick = (id, on) => setPicked((old) => (on ? [...old, id].slice(0, MOST_COMPARED) : old.filter((one) => one !== id)));
  return html`<div class="head"><div><h1>${t("models.title")}</h1><p class="lead">${t("models.lead")}</p></div></div>
    <${MachineBar} setting=${setting} machine=${hardware.data?.machine} error=${hardware.error} set=${requery} />
    <${Filters} asked=${{ ...asked, order }} set=${requery} />
    ${error && !hardware.error && html`<${Problem} error=${error} />`}
    ${total !== null && total > 0 && html`<div class="count-line"><p role="status" class=${loading ? "waiting" : ""}>${order === "best"
      ? t("models.best_n", { n: total }) : t("models.n_of", { n: total, of: all })}</p><${Legend} /></div>`}
    ${fits.error && !hardware.error && html`<${Problem} error=${fits.error} />`}
    ${total === null && !error && html`<${Loading} text=${t("models.working")} />`}
    ${total === 0 && html`<${Empty} title=${t("models.none")} action=${html`<${Button} onClick=${() => requery(
      Object.fromEntries(FILTERS.map((name) => [name, name === "order" ? "newest" : null])))}>${t("models.clear")}<//>`}>
      ${order === "best" ? t("models.none_best") : t("models.none_hint")}<//>`}
    ${models.length > 0 && html`<${Table} project=${project} route=${route} models=${models} fits=${fits} picked=${picked} full=${picked.length >= MOST_COMPARED} pick=${pick} stale=${loading} />`}
    ${total > models.length && html`<p class="more"><${Button} busy=${loading} onClick=${more}>${t("models.more", {
      n: Math.min(PAGE, total - models.length) })}<//></p>`}
    ${picked.length > 0 && html`<div class="picked" role="region" aria-label=${t("models.picked")}>
      <span>${t("models.picked_n", { n: picked.length })}</span>
      <${Button} kind="quiet" small onClick=${() => setPicked([])}>${t("models.unpick")}<//>
      ${picked.length > 1 ? html`<a class="button primary small-button"
        href=${href(project, "models", { rest: ["compare"], query: { ...route.query, with: picked.join(",") } })}>${t("models.compare.do")}</a>`
        : html`<span class="hint">${t("models.pick_more")}</span>`}</div>`}`;
}

/**
 * The list in pages: what was shown stays, greyed, until the new one is there.
 * Where only the setting changed, its bars come first, and the list is ordered anew after them.
 */
function useCatalog(filters, setting) {
  const search = `${filters}&${setting}`;
  const [state, set] = useState({ models: [], total: null, of: null, error: null, loading: true, search: null });
  useEffect(() => {
    const stop = new AbortController();
    const moved = state.filters === filters;
    if (!moved) set((old) => ({ ...old, loading: true }));
    const timer = setTimeout(() => get(`api/catalog${search}&count=${PAGE}`, { signal: stop.signal }).then(
      (found) => set({ models: found.models, total: found.total, of: found.of, error: null, loading: false, search, filters }),
      (error) => { if (error.name !== "AbortError") set((old) => ({ ...old, error, loading: false })); },
    ), state.search === null ? 0 : moved ? SETTLED_MS : TYPING_MS);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [search]);
  const more = async () => {
    set((old) => ({ ...old, loading: true }));
    const found = await get(`api/catalog${search}&start=${state.models.length}&count=${PAGE}`);
    set((old) => (old.search === search ? { ...old, models: [...old.models, ...found.models], loading: false } : old));
  };
  return { ...state, more };
}
