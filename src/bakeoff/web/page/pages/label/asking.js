// One item after another: shown, judged, kept. What was said but could not be sent is sent again when the server is back.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { connection, get, of, post, query } from "../../lib/api.js";
import { useFetch } from "../../lib/hooks.js";
import { go, requery } from "../../lib/route.js";
import { duration, t } from "../../lib/words.js";
import { Button, Empty, Loading, Notice, Problem, Segmented } from "../../parts/basic.js";
import { Actions } from "./actions.js";
import { useClock } from "./clock.js";
import { Item } from "./item.js";
import { PAIR, POINT, SKIP, useKeys } from "./keys.js";

export function Asking({ project, route, author, onLeave }) {
  const kind = ["pair", "point"].includes(route.query.kind) ? route.query.kind : null;
  const [now, set] = useState(null);
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  const [note, tell] = useState(null);
  const pending = useRef(null);
  const panes = useRef(null);
  const seconds = useClock(now?.item?.token);

  const arrived = (found) => { pending.current = null; set(found); fail(null); work(false); scrollTo({ top: 0 }); };
  const load = () => { work(true); get(of(project, "label", "next") + query({ author, kind })).then(arrived, (told) => { fail(told); work(false); }); };
  useEffect(load, [project, author, kind]);

  const send = () => {
    work(true);
    post(of(project, "label"), pending.current).then((found) => { tell(null); arrived(found); }, (told) => {
      work(false);
      if (told.kind === "conflict") { tell(told.more.said ? "label.said_already" : "label.changed"); load(); return; }
      fail(told);
    });
  };
  const say = (said) => {
    if (busy || !now?.item) return;
    pending.current = { author, token: now.item.token, said, seconds: seconds() };
    send();
  };
  const undo = () => {
    if (busy || !now?.can_undo) return;
    work(true);
    post(of(project, "label", "undo"), { author, kind: now.kind }).then((found) => { tell("label.undone"); arrived(found); }, (told) => { fail(told); work(false); });
  };
  useEffect(() => connection.listen((gone) => { if (!gone && pending.current) send(); else if (!gone && !now) load(); }), [now]);

  const choices = now ? [...(now.kind === "pair" ? PAIR : POINT), SKIP] : [];
  const scroll = (share) => () => { for (const pane of panes.current?.querySelectorAll(".ab-text") ?? []) pane.scrollBy({ top: share * pane.clientHeight }); };
  useKeys({
    ...Object.fromEntries(choices.flatMap((one) => one.keys.map((key) => [key, () => say(one.said)]))),
    u: undo, ArrowDown: scroll(0.25), ArrowUp: scroll(-0.25),
  });

  if (!now) return error ? html`<${Problem} error=${error} retry=${load} />` : html`<${Loading} />`;
  return html`
    <div class="ab-head"><h1>${t(now.kind === "pair" ? "label.title" : "label.title_point")}</h1>
      <p class="ab-author">${t("label.as")} <strong><bdi>${author}</bdi></strong> <${Button} kind="quiet" small onClick=${onLeave}>${t("label.not_me")}<//></p></div>
    <${Reached} now=${now} />
    <div aria-live="polite" class="ab-live">${note && html`<${Notice}>${t(note)}<//>`}</div>
    ${error && html`<${Problem} error=${error} retry=${pending.current ? send : load} />`}
    ${now.item
      ? html`<${Item} key=${now.item.token} item=${now.item} kind=${now.kind} project=${project} author=${author} panes=${panes} />
        <${Actions} now=${now} busy=${busy} onSay=${say} onUndo=${undo} />`
      : html`<${Done} now=${now} project=${project} onUndo=${undo} />`}
    <${Progress} project=${project} author=${author} now=${now} onKind=${(chosen) => requery({ kind: chosen })} />`;
}

/** A line that fills, and what it means. */
function Reached({ now }) {
  const { mine, left, fair, needed } = now.reached;
  const [done, total] = needed && fair < needed ? [fair, needed] : [mine, mine + left];
  return html`<div class="ab-reached"><progress value=${total ? done / total : 0} max="1" aria-label=${t("label.progress")}></progress><p class="small muted">${now.sentence}</p></div>`;
}

function Done({ now, project, onUndo }) {
  if (!now.reached.mine && !now.reached.left) return html`<${Empty} title=${t("label.nothing")}
    action=${html`<${Button} kind="primary" onClick=${() => go(project, "sheet")}>${t("label.to_sheet")}<//>`}>${t("label.nothing_hint")}<//>`;
  return html`<${Empty} title=${t("label.seen_all")} action=${html`<div class="row ab-centre">
      <${Button} kind="primary" onClick=${() => go(project, "label", { rest: ["standings"] })}>${t("label.reveal")}<//>
      ${now.can_undo && html`<${Button} onClick=${onUndo}>${t("label.undo")}<//>`}</div>`}>${t("label.seen_all_hint")}<//>`;
}

/** How far people and the judge agree so far. Nothing here names a candidate. */
function Progress({ project, author, now, onKind }) {
  const { data } = useFetch(of(project, "label", "progress") + query({ author, kind: now.kind, turn: now.item?.token.slice(0, 12) ?? "end" }), { wait: 300 });
  if (!data) return null;
  const pace = data.seconds_per_item === null ? null : Math.max(1, data.seconds_per_item);
  return html`<section class="ab-progress" aria-label=${t("label.so_far")}><h2>${t("label.so_far")}</h2>
    ${pace !== null && now.reached.left > 0 && html`<p>${t("label.pace", { pace: duration(pace), left: duration(pace * now.reached.left) })}</p>`}
    ${data.judge.map((one) => html`<p>${one}</p>`)}
    ${data.state === null && html`<p class="muted">${t("label.no_judge")}</p>`}
    ${data.people.map((one) => html`<p>${one}</p>`)}
    <${Segmented} label=${t("label.kind")} value=${now.kind} onChange=${onKind} options=${[["pair", t("label.kind_pair")], ["point", t("label.kind_point")]]} />
  </section>`;
}
