// Where one model is right and another wrong. The two are kept in the address, so that they can be sent to somebody.

import { html, useState } from "../../vendor/preact.js";
import { of, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { requery } from "../../lib/route.js";
import { t } from "../../lib/words.js";
import { Button, Problem, Segmented, Select } from "../../parts/basic.js";
import { Rows } from "./rows.js";
import { WhenSeen } from "./section.js";

export function Flips(props) {
  return html`<${WhenSeen} class="compare-tall"><${Chosen} ...${props} /><//>`;
}

function Chosen({ data, project, route }) {
  const names = data.models.map((one) => one.model);
  const known = (name) => (names.includes(name) ? name : null);
  const a = known(route.query.a) ?? data.decision.choice ?? names[0];
  const b = known(route.query.b) ?? names.find((name) => name !== a);
  const [better, set] = useState("a");
  const path = (side, more = {}) => of(project, "compare", "flips") + query({ a, b, better: side, ...more });
  const { data: found, error } = useFetch(path("a", { count: 1, turn: data.cells - data.missing }));
  const options = data.models.map((one) => [one.model, `${one.key} · ${one.model}`]);
  return html`
    <div class="compare-two">
      <${Select} label=${t("compare.flips_a")} value=${a} options=${options} onChange=${(name) => requery(name === b ? { a: name, b: a } : { a: name, b })} />
      <${Button} kind="quiet" onClick=${() => requery({ a: b, b: a })}>${t("compare.swap")}<//>
      <${Select} label=${t("compare.flips_b")} value=${b} options=${options} onChange=${(name) => requery(name === a ? { a: b, b: name } : { a, b: name })} />
    </div>
    ${error && html`<${Problem} error=${error} />`}
    ${found && html`<p>${t("compare.flips_told", found)}</p>
      <${Segmented} label=${t("compare.flips_which")} value=${better} onChange=${set} options=${[
        ["a", t("compare.flips_better", { model: a, n: found.a_better })],
        ["b", t("compare.flips_better", { model: b, n: found.b_better })]]} />
      <${Rows} path=${path(better)} turn=${data.cells - data.missing} models=${[a, b]} data=${data} project=${project} />`}`;
}
