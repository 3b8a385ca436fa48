// A model in one build as a candidate of the project.

import { html, useState } from "../../vendor/preact.js";
import { of, post } from "../../lib/api.js";
import { href } from "../../lib/route.js";
import { t } from "../../lib/words.js";
import { Badge, Button, Notice } from "../../parts/basic.js";

/** @returns {{added: string[], error, notes, add}} names of what was added here; notes say what keeps one from running yet. */
export function useAdding(project) {
  const [state, set] = useState({ added: [], error: null, busy: null, notes: [] });
  const add = async (candidate) => {
    set((old) => ({ ...old, busy: candidate.name, error: null }));
    try {
      const { error } = await post(of(project, "candidates"), candidate);
      set((old) => ({ added: [...old.added, candidate.name], busy: null, error: null, notes: error ? [...old.notes, { name: candidate.name, ...error }] : old.notes }));
    } catch (error) { set((old) => ({ ...old, busy: null, error })); }
  };
  return { ...state, add };
}

export function AddButton({ plan, adding, primary = false }) {
  if (!plan?.candidate) return null;
  const { name } = plan.candidate;
  if (adding.added.includes(name)) return html`<${Badge} kind="good">${t("models.added")}<//>`;
  return html`<${Button} small kind=${primary ? "primary" : ""} busy=${adding.busy === name} aria-label=${t("models.add_as", { name })}
    onClick=${() => adding.add(plan.candidate)}>${t("models.add")}<//>`;
}

export const ToSheet = ({ project, adding }) => (adding.added.length > 0
  ? html`<${NotYet} notes=${adding.notes} /><p class="row"><a class="button small-button" href=${href(project, "sheet")}>${t("models.to_sheet")}</a></p>` : null);

/** Added, but something is missing before it can run: a server that is not started, a key. */
export const NotYet = ({ notes }) => notes.map((one) => html`<${Notice} key=${one.name} kind="warn" title=${t("models.not_yet", { name: one.name })}>
  ${one.message} ${one.hint}<//>`);
