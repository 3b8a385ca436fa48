// A Vega-Lite chart, drawn as SVG in the page's colours. The library is loaded with the first chart.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { lang } from "../lib/words.js";
import { Loading } from "./basic.js";

let tools = null;
const load = () => (tools ??= import("../vendor/charts.js"));

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { ink: of("--ink"), muted: of("--muted"), line: of("--line"), paper: of("--paper"), accent: of("--accent") };
};

/** The look of all charts: calm axes, one accent. */
const config = ({ ink, muted, line, accent }) => ({
  background: null, font: getComputedStyle(document.body).fontFamily, view: { stroke: null },
  axis: { labelColor: muted, titleColor: muted, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500 },
  legend: { labelColor: ink, titleColor: muted, labelFontSize: 12, titleFontSize: 12 },
  title: { color: ink, fontSize: 13, fontWeight: 600 }, mark: { color: accent }, text: { color: ink },
  header: { labelColor: ink, titleColor: muted },
  locale: lang === "vi"
    ? { number: { decimal: ",", thousands: ".", grouping: [3], currency: ["", " USD"] } }
    : { number: { decimal: ".", thousands: ",", grouping: [3], currency: ["$", ""] } },
});

/**
 * @param {(colours) => object} spec makes the specification from the page's colours; width is the container's.
 * @param {string} label what the chart shows, for those who cannot see it.
 * @param {(datum: object) => void} onPick a mark was clicked.
 */
export function Chart({ spec, label, height = 320, onPick }) {
  const box = useRef(null);
  const [ready, set] = useState(false);
  const [turn, again] = useState(0);
  useEffect(() => {
    const redraw = () => again((n) => n + 1);
    const look = new MutationObserver(redraw);
    look.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "lang"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw);
    let width = 0;
    const size = new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) > 8) { width = entry.contentRect.width; redraw(); }
    });
    size.observe(box.current);
    return () => { look.disconnect(); size.disconnect(); dark.removeEventListener("change", redraw); };
  }, []);
  useEffect(() => { box.current.style.minHeight = `${height}px`; }, [height]); // nothing moves when it is drawn
  useEffect(() => {
    let view = null;
    let here = true;
    load().then(async ({ parse, View, compile, expressionInterpreter }) => {
      if (!here || !box.current) return;
      const palette = colours();
      const full = { $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: box.current.clientWidth, height,
        autosize: { type: "fit-x", contains: "padding" }, ...spec(palette) };
      full.config = { ...config(palette), ...full.config };
      const made = compile(full).spec;
      view = new View(parse(made, null, { ast: true }), { renderer: "svg", expr: expressionInterpreter, container: box.current });
      view.logLevel?.(1);
      if (onPick) view.addEventListener("click", (_, item) => { if (item?.datum) onPick(item.datum); });
      await view.runAsync();
      if (!here) return;
      box.current.classList.toggle("drawn-dark", getComputedStyle(document.documentElement).colorScheme === "dark"); // for paper
      set(true);
    });
    return () => { here = false; view?.finalize(); };
  }, [turn, JSON.stringify(spec(NAMES))]);
  return html`<figure class="chart" aria-label=${label}>${!ready && html`<${Loading} />`}<div ref=${box}></div></figure>`;
}
const NAMES = { ink: "ink", muted: "muted", line: "line", paper: "paper", accent: "accent" };
