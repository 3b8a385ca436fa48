// A file that was read: what its columns are for, what is asked, and what the project is called.

import { html, useRef, useState } from "../../vendor/preact.js";
import { get, post, query } from "../../lib/api.js";
import { go } from "../../lib/route.js";
import { t } from "../../lib/words.js";
import { Badge, Button, Input, Notice, Problem, Select, TextArea } from "../../parts/basic.js";

const PEOPLE = "\u0000people"; // no column has such a name
const NUMBER = "\u0000number";

function Rows({ told, roles }) {
  return html`<div class="table-wrap first-rows" tabindex="0" role="region" aria-label=${t("start.first_rows")}>
    <table><caption class="hidden">${t("start.first_rows")}</caption>
      <thead><tr>${told.columns.map((column) => html`<th scope="col"><bdi>${column}</bdi>
        ${roles[column] && html` <${Badge} kind="accent">${roles[column]}<//>`}</th>`)}</tr></thead>
      <tbody>${told.first_rows.map((row) => html`<tr>${told.columns.map((column) =>
        html`<td dir="auto">${row[column]}</td>`)}</tr>`)}</tbody>
    </table></div>`;
}

export function Setup({ first, onBack }) {
  const [told, tell] = useState(first);
  const [name, call] = useState(first.project);
  const [written, write] = useState({ system: null, user: null }); // null: as it was guessed
  const [busy, wait] = useState(false);
  const [error, fail] = useState(null);
  const turn = useRef(0);
  const { guess } = told;
  const columns = told.columns.map((column) => [column, column]);
  const instruction = guess.labels.length ? t("start.instruction", { labels: guess.labels.join(", ") }) : "";
  const shown = { system: written.system ?? instruction, user: written.user ?? guess.user };

  const choose = async (part) => {
    const wanted = { input: guess.input, target: guess.target ?? PEOPLE, id: guess.id ?? NUMBER, ...part };
    const mine = turn.current += 1;
    fail(null);
    try {
      const people = wanted.target === PEOPLE;
      const found = await get(`api/uploads/${first.upload}${query({
        input: wanted.input, target: people ? null : wanted.target, by_people: people || null,
      })}${wanted.id === NUMBER ? "&id=" : `&id=${encodeURIComponent(wanted.id)}`}`);
      if (mine === turn.current) tell({ ...told, guess: found.guess, notes: found.notes });
    } catch (found) { if (mine === turn.current) fail(found); }
  };
  const create = async () => {
    wait(true);
    fail(null);
    try {
      const made = await post("api/projects", {
        name, upload: first.upload, id: guess.id ?? "", input: guess.input, target: guess.target,
        by_people: guess.target === null, system: shown.system, user: shown.user,
      });
      go(made.name, "sheet");
    } catch (found) { fail(found); wait(false); }
  };
  const roles = { [guess.id]: t("start.role.id"), [guess.input]: t("start.role.input"), [guess.target]: t("start.role.target") };
  const nameError = ["name", "taken"].includes(error?.kind) ? `${error.message}. ${error.hint}` : undefined;

  return html`<div class="head"><div><h1>${t("start.setup")}</h1>
      <p class="lead"><bdi>${told.name}</bdi>${" · "}${t("start.rows", { n: told.n_rows })}${" · "}${t("start.columns", { n: told.columns.length })}${" · "}${told.size}</p></div>
      <${Button} kind="quiet" onClick=${onBack}>${t("start.another")}<//></div>
    <${Rows} told=${told} roles=${roles} />
    ${told.notes.map((note) => html`<p class="small muted">${note.text}</p>`)}
    <form class="setup" onSubmit=${(event) => { event.preventDefault(); if (!busy) create(); }}>
      <section aria-label=${t("start.roles")}>
        <h2>${t("start.roles")}</h2>
        <${Select} label=${t("start.input")} hint=${t("start.input_hint")} value=${guess.input} options=${columns}
          onChange=${(input) => choose({ input })} />
        <${Select} label=${t("start.target")} hint=${t("start.target_hint")} value=${guess.target ?? PEOPLE}
          options=${[...columns, [PEOPLE, t("start.by_people")]]} onChange=${(target) => choose({ target })} />
        ${guess.labels.length > 0 && html`<p class="labels"><span class="small muted">${t("start.labels", { n: guess.labels.length })}</span>
          ${guess.labels.map((label) => html`<${Badge}><bdi>${label}</bdi><//>`)}</p>`}
        <${Select} label=${t("start.id")} value=${guess.id ?? NUMBER}
          options=${[[NUMBER, t("start.number")], ...columns]} onChange=${(id) => choose({ id })} />
      </section>
      <section aria-label=${t("start.prompt")}>
        <h2>${t("start.prompt")}</h2>
        <${TextArea} label=${t("start.system")} hint=${t("start.system_hint")} rows=${3} value=${shown.system} dir="auto"
          onInput=${(system) => write({ ...written, system })} />
        <${TextArea} label=${t("start.user")} hint=${t("start.user_hint", { example: `{{ ${t("start.column")} }}` })} rows=${4} class="code" dir="auto"
          spellcheck="false" value=${shown.user} onInput=${(user) => write({ ...written, user })} required />
        <${Input} label=${t("start.name")} value=${name} onInput=${call} error=${nameError} required maxlength="80" />
      </section>
      <div class="setup-end">
        ${guess.target === null && html`<${Notice}>${t("start.people_note")}<//>`}
        ${!nameError && html`<${Problem} error=${error} />`}
        <${Button} kind="primary" type="submit" busy=${busy}>${t("start.create")}<//>
      </div>
    </form>`;
}
