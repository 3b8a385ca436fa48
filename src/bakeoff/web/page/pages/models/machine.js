// A machine by its name, with completion; empty is the machine that the server runs on.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { get } from "../../lib/api.js";
import { t } from "../../lib/words.js";
import { Field } from "../../parts/basic.js";

let names = null;
const load = () => (names ??= get("api/hardware/names").then((found) => found.names, () => { names = null; return []; }));

/** Whole machines that people have, before the parts of which all others are made. */
const USUAL = ["RTX 4090, 64 GB RAM", "RTX 5090, 64 GB RAM", "RTX 3060 12 GB, 32 GB RAM", "2x RTX 3090, 128 GB RAM", "Apple M4 Max 64 GB",
  "Apple M2 16 GB", "Ryzen AI Max+ 395 128 GB", "H100 SXM", "8x H100 SXM", "8 cores, 16 GB RAM"];

export function MachineInput({ label, hint, error, value, onInput, ...rest }) {
  const [known, set] = useState([]);
  useEffect(() => { load().then((found) => set([...USUAL, ...new Set(found.map((one) => one.name))])); }, []);
  return html`<${Field} label=${label} hint=${hint} error=${error}>
    ${(ids) => html`<input ...${ids} ...${rest} value=${value} maxlength="500" placeholder=${t("models.this_machine")} autocomplete="off"
      spellcheck="false" list=${`${ids.id}-list`} onInput=${(event) => onInput(event.target.value)} />
      <datalist id=${`${ids.id}-list`}>${known.map((one) => html`<option value=${one}></option>`)}</datalist>`}<//>`;
}
