// What can be said, as buttons with their keys; on a telephone they stay at the bottom.

import { html } from "../../vendor/preact.js";
import { t } from "../../lib/words.js";
import { PAIR, POINT, SKIP } from "./keys.js";

const name = (said) => t(`label.say.${said.replace(" ", "_")}`);

export function Actions({ now, busy, onSay, onUndo }) {
  const main = now.kind === "pair" ? PAIR : POINT;
  return html`<div class="ab-actions" role="group" aria-label=${t("label.verdict")}>
    <div class=${`ab-main ${now.kind}`}>${main.map((one) => html`<button type="button" class="button" key=${one.said} disabled=${busy} aria-keyshortcuts=${one.shown}
      onClick=${() => onSay(one.said)}>${name(one.said)} <kbd aria-hidden="true">${one.shown}</kbd></button>`)}</div>
    <div class="ab-side"><button type="button" class="button quiet" disabled=${busy} aria-keyshortcuts="S" onClick=${() => onSay(SKIP.said)}>${name(SKIP.said)} <kbd aria-hidden="true">S</kbd></button>
      <button type="button" class="button quiet" disabled=${busy || !now.can_undo} aria-keyshortcuts="U" onClick=${onUndo}>${t("label.undo")} <kbd aria-hidden="true">U</kbd></button></div>
  </div>`;
}
