// What a person sees: the question, and one answer or two side by side, without names.

import { html, useState } from "../../vendor/preact.js";
import { get, of, query } from "../../lib/api.js";
import { count, t } from "../../lib/words.js";
import { Button, Problem } from "../../parts/basic.js";
import { Markdown } from "../../parts/markdown.js";

export function Item({ item, kind, project, author, panes }) {
  const [formatted, set] = useState(true);
  return html`<article class="ab-item">
    <div class="ab-question"><h2 class="hidden">${t("label.question")}</h2>
      ${item.instructions.text && html`<details class="ab-more"><summary>${t("label.instructions")}</summary><div class="plain-text" dir="auto">${item.instructions.text}</div></details>`}
      <div class="ab-asked plain-text" dir="auto" tabindex="0" role="group" aria-label=${t("label.question")}>${item.question.text}</div>
      <details class="ab-more"><summary>${t("label.row_data")}</summary><dl class="ab-values">${Object.entries(item.values).map(([name, value]) => html`<div><dt><bdi>${name}</bdi></dt><dd class="plain-text" dir="auto">${value}</dd></div>`)}</dl></details>
      <label class="check ab-more"><input type="checkbox" checked=${formatted} onChange=${(event) => set(event.target.checked)} /><span>${t("label.formatted")}</span></label>
    </div>
    <div class=${kind === "pair" ? "ab-panes" : "ab-panes one"} ref=${panes}>
      <${Pane} side="left" title=${t(kind === "pair" ? "label.answer_a" : "label.answer")} answer=${item.left} formatted=${formatted} item=${item} project=${project} author=${author} />
      ${item.right && html`<${Pane} side="right" title=${t("label.answer_b")} answer=${item.right} formatted=${formatted} item=${item} project=${project} author=${author} />`}
    </div></article>`;
}

function Pane({ side, title, answer, formatted, item, project, author }) {
  const [whole, set] = useState(null);
  const [error, fail] = useState(null);
  const cut = answer.characters > answer.text.length && whole === null && answer.characters > CUT;
  const more = () => get(of(project, "label", "answer") + query({ token: item.token, author, side })).then((found) => set(found.text), fail);
  const text = whole ?? answer.text;
  return html`<section class="ab-pane" aria-label=${title}><h3>${title}</h3>
    <div class="ab-text" tabindex="0" role="group" aria-label=${title}>
      ${text.trim() === "" ? html`<p class="muted">${t("label.blank")}</p>` : formatted ? html`<${Markdown} text=${text} />` : html`<div class="plain-text" dir="auto">${text}</div>`}
      ${cut && html`<p class="ab-cut"><${Button} small onClick=${more}>${t("label.show_whole", { n: count(answer.characters) })}<//></p>`}
      ${error && html`<${Problem} error=${error} />`}
    </div></section>`;
}

const CUT = 20_000; // characters that come with an item
