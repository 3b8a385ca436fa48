// The exact request of an answer, and a turn as a row of the data.

import { html, useState } from "../../vendor/preact.js";
import { of, post } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { href } from "../../lib/route.js";
import { t } from "../../lib/words.js";
import { Button, Dialog, Loading, Notice, Problem, TextArea } from "../../parts/basic.js";

const pretty = (body) => { try { return JSON.stringify(JSON.parse(body), null, 2); } catch { return body; } };

export function RequestDialog({ name, turn, onClose }) {
  const { where, path, body } = turn.request;
  return html`<${Dialog} wide title=${t("playground.request_of", { name })} onClose=${onClose}
      footer=${html`<${Button} onClick=${onClose}>${t("app.close")}<//>`}>
    <p class="hint">POST ${where === "embedded" ? t("playground.embedded") : where}${path}</p>
    <pre tabindex="0">${pretty(body)}</pre>
    ${turn.result?.served_model && html`<p class="hint">${t("playground.served", { model: turn.result.served_model })}</p>`}
  <//>`;
}

/** Every column of the data with what goes into it: the message, and the answer where the target stands. */
export function SaveDialog({ project, turn, known, onClose }) {
  const sheet = useFetch(of(project, "sheet"));
  const [values, set] = useState({ [known.message_column]: turn.user, ...(known.target_column && { [known.target_column]: turn.text }) });
  const [error, fail] = useState(null);
  const [busy, working] = useState(false);
  const [saved, done] = useState(false);
  const id = sheet.data?.id_column;
  const columns = (sheet.data?.data_columns ?? []).map((one) => one.name).filter((one) => one !== id);
  const save = async () => {
    working(true);
    fail(null);
    try {
      await post(of(project, "rows"), { rows: [Object.fromEntries(columns.map((one) => [one, values[one] ?? ""]))] });
      done(true);
    } catch (problem) { fail(problem); }
    working(false);
  };
  const footer = saved
    ? html`<a class="button" href=${href(project, "sheet")}>${t("playground.to_sheet")}</a><${Button} kind="primary" onClick=${onClose}>${t("app.close")}<//>`
    : html`<${Button} onClick=${onClose}>${t("app.cancel")}<//>
      <${Button} kind="primary" busy=${busy} disabled=${!columns.some((one) => values[one]?.trim())} onClick=${save}>${t("playground.save_row")}<//>`;
  return html`<${Dialog} title=${t("playground.save_title")} onClose=${onClose} footer=${footer}>
    <${Problem} error=${error ?? sheet.error} />
    ${saved ? html`<${Notice} kind="good" title=${t("playground.saved")}>${t("playground.saved_hint")}<//>` : html`
      <p class="muted">${t("playground.save_hint")}</p>
      ${!sheet.data && !sheet.error && html`<${Loading} />`}
      ${columns.map((one) => html`<${TextArea} key=${one} label=${one} rows=${one === known.message_column ? 4 : 2} dir="auto" value=${values[one] ?? ""}
        hint=${one === known.target_column ? t("playground.target_hint") : undefined} onInput=${(text) => set({ ...values, [one]: text })} />`)}`}
  <//>`;
}
