// How all are talked to: freely, or as the project's rows are; what they are told before.

import { html, useState } from "../../vendor/preact.js";
import { of, put } from "../../lib/api.js";
import { t } from "../../lib/words.js";
import { Button, Input, Problem, Segmented, TextArea } from "../../parts/basic.js";

const numeric = (text, most = Infinity) => {
  const value = Number(String(text).replace(",", "."));
  return text !== "" && !(value >= 0 && value <= most) ? t("playground.wrong_number") : null;
};

export function Settings({ project, session, known }) {
  const { settings } = session;
  const [{ system: saved, stamp }, setSaved] = useState({ system: known.system ?? "", stamp: known.stamp });
  const [error, fail] = useState(null);
  const [busy, set] = useState(false);
  const changed = (settings.system ?? "") !== saved;
  const write = async () => {
    set(true);
    fail(null);
    try {
      const written = await put(of(project, "prompt"), { system: settings.system || null, stamp });
      setSaved({ system: settings.system ?? "", stamp: written.stamp });
    } catch (problem) { fail(problem); }
    set(false);
  };
  return html`<div class="talk-settings" id="talk-settings">
    <div>
      <${TextArea} label=${t("playground.system")} rows=${3} value=${settings.system ?? ""} dir="auto" placeholder=${t("playground.system_none")}
        onInput=${(system) => session.set({ system })} />
      <div class="row">
        <${Button} small busy=${busy} disabled=${!changed} onClick=${write}>${t("playground.use_system")}<//>
        ${changed && html`<${Button} small kind="quiet" onClick=${() => session.set({ system: saved })}>${t("playground.back_system")}<//>`}
      </div>
      <${Problem} error=${error} />
    </div>
    <div>
      <${Segmented} label=${t("playground.manner")} value=${settings.as_rows} onChange=${(as_rows) => session.set({ as_rows })}
        options=${[[false, t("playground.free")], [true, t("playground.as_rows")]]} />
      ${settings.as_rows ? html`<p class="hint">${known.message_column ? t("playground.as_rows_hint", { column: known.message_column }) : t("playground.as_rows_plain")}</p>`
        : html`<div class="talk-numbers">
          <${Input} label=${t("playground.temperature")} placeholder=${t("playground.usual")} inputmode="decimal" value=${settings.temperature}
            error=${numeric(settings.temperature, 10)} onInput=${(temperature) => session.set({ temperature })} />
          <${Input} label=${t("playground.max_tokens")} placeholder=${t("playground.usual")} inputmode="numeric" value=${settings.max_tokens}
            error=${numeric(settings.max_tokens, 1e6)} onInput=${(max_tokens) => session.set({ max_tokens })} />
          <${Input} label=${t("playground.seed")} placeholder=${t("playground.usual")} inputmode="numeric" value=${settings.seed}
            error=${numeric(settings.seed, 2 ** 31 - 1)} onInput=${(seed) => session.set({ seed })} />
        </div><p class="hint">${t("playground.numbers_hint")}</p>`}
    </div>
  </div>`;
}
