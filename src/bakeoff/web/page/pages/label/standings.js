// The reveal: only after somebody has said that they want it.

import { html, useState } from "../../vendor/preact.js";
import { of } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { href } from "../../lib/route.js";
import { t } from "../../lib/words.js";
import { Button, Dialog, Empty, Loading, Problem } from "../../parts/basic.js";
import { Table } from "./table.js";

export function Standings({ project }) {
  const [asked, ask] = useState(false);
  const [sure, set] = useState(false);
  if (sure) return html`<${Revealed} project=${project} />`;
  return html`<h1 class="hidden">${t("label.tab.standings")}</h1><${Empty} title=${t("label.hidden")} action=${html`<${Button} kind="primary" onClick=${() => ask(true)}>${t("label.reveal")}<//>`}>${t("label.hidden_hint")}<//>
    ${asked && html`<${Dialog} title=${t("label.reveal_sure")} onClose=${() => ask(false)}
      footer=${html`<${Button} onClick=${() => ask(false)}>${t("app.cancel")}<//><${Button} kind="primary" onClick=${() => set(true)}>${t("label.reveal")}<//>`}>
      <p>${t("label.reveal_hint")}</p><//>`}`;
}

function Revealed({ project }) {
  const { data, error, reload } = useFetch(of(project, "label", "standings"));
  if (error) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!data) return html`<${Loading} />`;
  if (!data.items) return html`<h1 class="hidden">${t("label.tab.standings")}</h1><${Empty} title=${t("label.no_labels")}
    action=${html`<a class="button primary" href=${href(project, "label")}>${t("label.tab.ask")}</a>`}>${t("label.no_labels_hint")}<//>`;
  return html`<h1>${t("label.people_found")}</h1><div class="ab-told">${data.told.map((one) => html`<p>${one}</p>`)}</div>
    ${data.pairs.length > 0 && html`<${Table} title=${t("label.from_pairs")} standings=${data.pairs} />`}
    ${data.points.length > 0 && html`<${Table} title=${t("label.from_points")} standings=${data.points} />`}`;
}
