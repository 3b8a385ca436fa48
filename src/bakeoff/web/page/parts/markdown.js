// Text of a model as markdown: parsed, then cleaned of everything that could act, load or disguise. Loaded when needed.

import { html, useEffect, useState } from "../vendor/preact.js";

export const MOST_CHARACTERS = 200_000; // beyond it, markdown is not worth the time: plain text

let tools = null;
const load = () => {
  tools ??= import("../vendor/markdown.js").then(({ Marked, DOMPurify }) => {
    const marked = new Marked({ gfm: true, breaks: true, renderer: {
      heading({ tokens }) { return `<p><strong>${this.parser.parseInline(tokens)}</strong></p>`; }, // no part of the page's own outline
    } });
    return (text) => DOMPurify.sanitize(marked.parse(text), {
      USE_PROFILES: { html: true }, RETURN_DOM_FRAGMENT: true,
      FORBID_TAGS: ["img", "picture", "source", "video", "audio", "style", "form", "input", "button", "textarea", "select", "iframe", "svg", "math", "a", "h1", "h2", "h3", "h4", "h5", "h6"],
      FORBID_ATTR: ["style", "class", "id", "name", "href", "src", "srcset", "background", "poster"],
      KEEP_CONTENT: true,
    });
  });
  return tools;
};

export function Markdown({ text }) {
  const [made, set] = useState(null);
  const plain = text.length > MOST_CHARACTERS;
  useEffect(() => {
    let here = true;
    if (!plain) load().then((make) => { if (here) set({ text, fragment: make(text) }); });
    return () => { here = false; };
  }, [text]);
  const fill = (node) => { if (node && made && made.text === text) node.replaceChildren(made.fragment.cloneNode(true)); };
  if (plain || made?.text !== text) return html`<div class="model-text plain-text" dir="auto">${text}</div>`;
  return html`<div key="made" class="model-text" dir="auto" ref=${fill}></div>`;
}
