// A menu that opens at a place of the sheet: a column's, by mouse or keys.

import { html, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { useOpened } from "../../lib/hooks.js";

/**
 * @param {{text: string, onClick: () => void, checked: ?boolean, kind: ?string}[]} items null separates groups.
 * @param {Element} anchor below which it opens.
 */
export function PopMenu({ label, items, anchor, onClose }) {
  const box = useRef(null);
  useLayoutEffect(() => {
    const at = anchor.getBoundingClientRect();
    const own = box.current.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.right - own.width, innerWidth - own.width - 8));
    const top = Math.max(8, Math.min(at.bottom + 4, innerHeight - own.height - 8));
    Object.assign(box.current.style, { left: `${left}px`, top: `${top}px` });
  }, [anchor]);
  useOpened(box, anchor, () => onClose(false), "[role^=menuitem]");
  const keys = (event) => {
    const all = [...box.current.querySelectorAll("[role^=menuitem]")];
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (next !== undefined) { event.preventDefault(); all[next % all.length].focus(); }
    if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); onClose(true); }
    event.stopPropagation();
  };
  return html`<div class="menu-list pop-menu" role="menu" aria-label=${label} ref=${box} onKeyDown=${keys}>
    ${items.map((item) => (item === null ? html`<hr role="separator" />` : html`<button type="button" tabindex="-1" class=${item.kind}
      role=${item.checked === undefined ? "menuitem" : "menuitemradio"} aria-checked=${item.checked}
      onClick=${() => { onClose(true); item.onClick(); }}>${item.text}</button>`))}</div>`;
}
