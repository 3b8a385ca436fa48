// The machine, and what is asked of it: context, users, quantization. Moving a slider moves every bar.

import { html } from "../../vendor/preact.js";
import { useTyped } from "../../lib/hooks.js";
import { bytes, count, decimal, t } from "../../lib/words.js";
import { Range, withReason } from "../../parts/basic.js";
import { MachineInput } from "./machine.js";
import { source } from "./memory.js";

export const CONTEXTS = [2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144];
export const USERS = [1, 2, 4, 8, 16, 32, 64, 128];
export const BUILDS = ["", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K"];
export const NARROW = matchMedia("(max-width: 48rem)");
const TYPING_MS = 450;

const place = (list, value) => Math.max(0, list.findIndex((one) => String(one) === String(value)));

export function MachineBar({ setting, machine, error, set }) {
  const wrong = error && error.status === 400 ? withReason(t("models.unknown_machine"), error) : null;
  return html`<section class="setting" aria-label=${t("models.setting")}>
    <div class="setting-machine"><${TypedMachine} value=${setting.machine} error=${wrong} set=${(name) => set({ machine: name || null })} />
      ${machine && !wrong && html`<${Devices} machine=${machine} />`}</div>
    <details class="slider-box" open=${!NARROW.matches}><summary>${summary(setting)}</summary><${Sliders} setting=${setting} set=${set} /></details>
  </section>`;
}

const summary = ({ context, users, quantization }) => t("models.summary", {
  context: Number(context), users: Number(users), build: quantization || t("models.best_build") });

export function Sliders({ setting, set }) {
  const slider = (list, name, show) => html`<${Range} label=${t(`models.slider.${name}`)} min="0" max=${list.length - 1} step="1"
    value=${place(list, setting[name])} show=${(at) => show(list[at])} onInput=${(at) => set({ [name]: list[at] })} />`;
  return html`<div class="sliders">
    ${slider(CONTEXTS, "context", (n) => t("models.tokens", { n }))}
    ${slider(USERS, "users", (n) => count(n))}
    ${slider(BUILDS, "quantization", (name) => name || t("models.best_build"))}
    <p class="hint sliders-hint">${t("models.slider.quantization_hint")}</p>
  </div>`;
}

/** Typing waits for its end: half a name is no machine. */
function TypedMachine({ value, error, set }) {
  const [text, typed] = useTyped(value, set, TYPING_MS);
  return html`<${MachineInput} label=${t("models.machine")} value=${text} error=${error} onInput=${typed} />`;
}

const speed = (estimate) => (estimate ? `${decimal(estimate.value / 1e9, estimate.value < 99.5e9 ? 1 : 0)} GB/s, ${source(estimate)}` : null);

function Devices({ machine }) {
  const rows = [...machine.accelerators.map((one) => [one.name, one]), [machine.processor.name, machine.processor]];
  return html`<details class="devices"><summary>${rows.map(([name, one]) => html`<span class="device-name"><bdi>${name}</bdi> ${bytes(one.memory_usable_bytes.value)}</span>`)}</summary>
    <dl>${rows.map(([name, one], at) => html`<div key=${at}><dt><bdi>${name}</bdi></dt>
      <dd>${t("models.usable_of", { usable: bytes(one.memory_usable_bytes.value), total: bytes(one.memory_total_bytes.value) })}
        <span class="muted"> ${source(one.memory_usable_bytes)} (${one.memory_usable_bytes.detail})</span></dd>
      ${one.bandwidth_bytes_per_second && html`<dd>${t("models.bandwidth", { rate: speed(one.bandwidth_bytes_per_second) })}
        <span class="muted"> (${one.bandwidth_bytes_per_second.detail})</span></dd>`}</div>`)}</dl>
    ${machine.notes.map((one) => html`<p class="small muted">${one.text}</p>`)}</details>`;
}
