// The playground: two to five models answer one message, side by side, as they come.

import { html, useEffect, useState } from "../vendor/preact.js";
import { of } from "../lib/api.js";
import { useFetch, useMedia, useStored, useStyles, useTitle } from "../lib/hooks.js";
import { t } from "../lib/words.js";
import { Button, Loading, Problem } from "../parts/basic.js";
import { Column, VoiceDialog } from "./playground/column.js";
import { Composer } from "./playground/composer.js";
import { Settings } from "./playground/settings.js";
import { RequestDialog, SaveDialog } from "./playground/dialogs.js";
import { MOST_VOICES, sessionOf, voiceName } from "./playground/session.js";

export default function Playground({ project }) {
  const ready = useStyles("playground");
  useTitle(t("nav.playground"), project);
  const found = useFetch(of(project, "playground"));
  const session = sessionOf(project);
  const [, redraw] = useState(0);
  useEffect(() => session.listen(() => redraw((n) => n + 1)), [session]);
  useEffect(() => { if (found.data) session.settle(found.data.candidates, found.data.system); }, [found.data]);
  if (found.error && !found.data) return html`<div class="playground-wait"><${Problem} error=${found.error} retry=${found.reload} /></div>`;
  if (!found.data || !ready || !session.voices.length) return html`<${Loading} as="talk" />`;
  return html`<${Talk} project=${project} session=${session} known=${found.data} />`;
}

function Talk({ project, session, known }) {
  const [shown, show] = useState(null); // on a narrow screen: whose column
  const [dialog, setDialog] = useState(null);
  const narrow = useMedia("(max-width: 48rem)");
  const [open, setOpen] = useStored("playground.settings", !narrow);
  const { voices } = session;
  const current = voices.find((one) => one.id === shown) ?? voices[0];
  const free = known.candidates.find((one) => !voices.some((voice) => voice.candidate === one.name));
  const add = () => (free ? session.add({ candidate: free.name }) : setDialog({ kind: "voice" }));
  const seen = narrow ? [current] : voices;
  return html`
    <div class="playground-bar">
      <h1>${t("playground.title")}</h1>
      <div class="row">
        <${Button} small kind="quiet" aria-expanded=${open} aria-controls="talk-settings" onClick=${() => setOpen(!open)}>${t("playground.settings")}<//>
        <${Button} small kind="quiet" disabled=${voices.length >= MOST_VOICES} onClick=${add}>${t("playground.add")}<//>
        <${Button} small kind="quiet" onClick=${() => session.forget()}>${t("playground.new")}<//>
      </div>
    </div>
    ${open && html`<${Settings} project=${project} session=${session} known=${known} />`}
    ${narrow && voices.length > 1 && html`<${Tabs} voices=${voices} current=${current} show=${show} />`}
    <div class="voices voices-${seen.length}" id="voices">
      ${seen.map((voice) => html`<${Column} key=${voice.id} voice=${voice} session=${session} known=${known} narrow=${narrow}
        other=${() => setDialog({ kind: "voice", replaces: voice.id })}
        save=${(turn) => setDialog({ kind: "save", turn })} ask=${(turn) => setDialog({ kind: "request", turn, voice })} />`)}
    </div>
    <${Composer} session=${session} />
    <p class="hidden" role="status">${!session.busy && voices.some((one) => session.of(one).length) ? t("playground.all_answered") : ""}</p>
    ${dialog?.kind === "voice" && html`<${VoiceDialog} onClose=${(voice) => {
      if (voice) (dialog.replaces ? session.replace(dialog.replaces, voice) : session.add(voice));
      setDialog(null);
    }} />`}
    ${dialog?.kind === "save" && html`<${SaveDialog} project=${project} turn=${dialog.turn} known=${known} onClose=${() => setDialog(null)} />`}
    ${dialog?.kind === "request" && html`<${RequestDialog} name=${voiceName(dialog.voice)} turn=${dialog.turn} onClose=${() => setDialog(null)} />`}`;
}

function Tabs({ voices, current, show }) {
  const keys = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = voices[(voices.indexOf(current) + step + voices.length) % voices.length];
    show(next.id);
    event.currentTarget.querySelector(`[data-id="${next.id}"]`)?.focus();
  };
  return html`<div class="voice-tabs" role="tablist" aria-label=${t("playground.voices")} onKeyDown=${keys}>${voices.map((one) => html`<button
    key=${one.id} type="button" role="tab" id=${`tab-${one.id}`} data-id=${one.id} aria-selected=${one === current} aria-controls=${one === current ? `voice-${one.id}` : undefined}
    tabindex=${one === current ? 0 : -1} onClick=${() => show(one.id)}><bdi>${voiceName(one)}</bdi></button>`)}</div>`;
}
