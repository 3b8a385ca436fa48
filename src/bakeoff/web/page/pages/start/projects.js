// The list of projects: a sentence about each, before its numbers.

import { html } from "../../vendor/preact.js";
import { href } from "../../lib/route.js";
import { t, time } from "../../lib/words.js";
import { Badge } from "../../parts/basic.js";

const KINDS = { new: "quiet", running: "accent", answered: "quiet", decided: "good", broken: "bad" };

/** Where the project is opened: at the sheet, or at its decision. */
const where = (project) => href(project.name, project.state === "decided" ? "decision" : "sheet");

function sentence({ state, decision, error }) {
  if (error) return html`${error.message} ${error.hint && html`<span class="muted">${error.hint}</span>`}`;
  if (decision?.choice) {
    const told = { better: "better", "not worse": "not_worse", "only one": "only_one" }[decision.verdict] ?? "close";
    return t(`start.said.${told}`, { choice: decision.choice });
  }
  return t(`start.next.${state}`);
}

export function Projects({ projects }) {
  const recent = [...projects].sort((a, b) => (b.changed_at ?? 0) - (a.changed_at ?? 0));
  return html`<ul class="projects">${recent.map((project) => html`<li key=${project.name}>
    <div class="project-name"><a href=${where(project)}><bdi>${project.name}</bdi></a>
      <${Badge} kind=${KINDS[project.state]}>${t(`start.state.${project.state}`)}<//></div>
    <p class="project-said" dir="auto">${sentence(project)}</p>
    <p class="project-facts small muted">
      ${project.n_rows !== null && html`<span>${t("start.rows", { n: project.n_rows })}</span>`}
      ${project.candidates.length > 0 && html`<span>${t("start.candidates", { n: project.candidates.length })}</span>`}
      ${project.changed_at && html`<span>${time(new Date(project.changed_at * 1000).toISOString())}</span>`}
    </p>
  </li>`)}</ul>`;
}
