// What moves the total of one way: each thing at its low and high, everything else as usual.

import { html, useState } from "../../vendor/preact.js";
import { decimal, t } from "../../lib/words.js";
import { Badge, Select } from "../../parts/basic.js";
import { isKept, wayOf } from "./ways.js";

const MOST = 8;
const LEAST = 0.0005; // of the total; what moves it less is not worth a line
const place = (values) => (node) => node && Object.assign(node.style, values);

export function Matters({ data, money }) {
  const kept = data.options.filter(isKept);
  const options = kept.length ? kept : data.options;
  const [key, setKey] = useState(null);
  const option = options.find((one) => one.key === key) ?? options.find((one) => one.capacity) ?? options[0];
  const bars = data.tornado.find((one) => one.option === option.key).bars
    .filter((bar) => bar.swing > LEAST * option.total_usd.value).slice(0, MOST);
  const usual = option.total_usd.value;
  const ends = bars.flatMap((bar) => [bar.cost_at_low, bar.cost_at_high]);
  const [low, high] = [Math.min(usual, ...ends), Math.max(usual, ...ends)];
  const at = (usd) => (100 * (usd - low)) / (high - low || 1);
  const best = options[0].key;
  return html`<section><h2>${t("cost.matters")}</h2>
    <div class="pick"><${Select} label=${t("cost.of_way")} value=${option.key} onChange=${setKey}
      options=${options.map((one) => [one.key, `${one.model}: ${wayOf(one)}`])} /></div>
    ${bars.length === 0 ? html`<p class="muted">${t("cost.nothing_matters")}</p>` : html`<div class="table-wrap" tabindex="0" role="group" aria-label=${t("cost.matters")}><table class="tornado">
      <caption>${t("cost.matters_caption", { years: data.years, total: money(usual) })}</caption>
      <thead><tr><th>${t("cost.column.thing")}</th><th>${t("cost.column.range")}</th><th>${t("cost.column.moves")}</th></tr></thead>
      <tbody>${bars.map((bar) => {
        const [left, right] = [bar.cost_at_low, bar.cost_at_high].sort((a, b) => a - b);
        const turns = [bar.cheapest_at_low, bar.cheapest_at_high].find((one) => one !== best);
        const turned = turns && data.options.find((one) => one.key === turns);
        return html`<tr key=${bar.parameter}><th scope="row">${t(`cost.parameter.${bar.parameter.split(":")[0]}`)}</th>
          <td class="small muted">${value(bar, bar.low)} – ${value(bar, bar.high)}</td>
          <td><span class="bar" role="img" aria-label=${t("cost.moves", { low: money(left), high: money(right) })}>
              <span ref=${place({ left: `${at(left)}%`, width: `${Math.max(0.5, at(right) - at(left))}%` })}></span>
              <i ref=${place({ left: `${at(usual)}%` })}></i></span>
            <span class="small muted ends"><span>${money(left)}</span><span>${money(right)}</span></span>
            ${turned && html`<${Badge} kind="warn">${t("cost.turns", { way: wayOf(turned) })}<//>`}</td></tr>`;
      })}</tbody></table></div>`}
  </section>`;
}

const value = (bar, n) => (bar.parameter === "requests" ? `× ${decimal(n, 1)}` : decimal(n, Math.abs(n) >= 100 ? 0 : Math.abs(n) >= 0.1 ? 2 : 6));
