// The page's words in the reader's language, and numbers as that language writes them.
// Keys and texts are the labels `page.*` in src/bakeoff/report/words; the server's sentences come ready.

import { get } from "./api.js";

let words = {};
let missing = new Set();
export let lang = "en";
export let collator = new Intl.Collator("en", { numeric: true });

/** Load a language before anything is drawn in it. */
export async function speak(wanted) {
  words = await get(`api/words/${wanted}`);
  lang = wanted;
  collator = new Intl.Collator(wanted, { numeric: true });
  document.documentElement.lang = wanted;
  formats.clear();
}

/** The text of a key, with its parameters. A key without a text shows itself: tests look for it. */
export function t(key, parameters = {}) {
  const text = words[key];
  if (text === undefined) {
    if (!missing.has(key)) console.error(`no words for page.${key}`);
    missing.add(key);
    return `page.${key}`;
  }
  return text.replace(/\{(\w+)(?::([^{}]*))?\}/g, (_, name, kind = "") => show(parameters[name], kind));
}

function show(value, kind) {
  const [name, ...rest] = kind.split(":");
  if (name === "plural") {
    const [one, other] = rest.join(":").split("|");
    return value === 1 ? one : other;
  }
  if (value === null || value === undefined) return "–";
  const as = { percent, dollars: money, size: bytes, seconds: duration, ms, rate, number: decimal, points };
  if (as[name]) return as[name](value);
  return typeof value === "number" ? count(value) : String(value);
}

const formats = new Map();
function format(value, options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(lang, options));
  return formats.get(key).format(value);
}

/** Before % stands nothing in English, and an unbreakable space in Vietnamese, as in the report. */
export const count = (n) => format(n, { maximumFractionDigits: 0 });
export const decimal = (n, digits = 2) => format(n, { maximumFractionDigits: digits });
export const percent = (share, digits = 1) => `${format(share * 100, { maximumFractionDigits: digits })}${lang === "vi" ? "\u00a0%" : "%"}`;
export const points = (share) => format(share * 100, { maximumFractionDigits: 1 });
/** Cents from ten cents up; below, two significant digits: prices go from a millionth to millions. */
export function money(usd) {
  const n = Number(usd);
  const digits = Math.abs(n) >= 100 ? { maximumFractionDigits: 0 } : Math.abs(n) >= 0.0995 || n === 0
    ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumSignificantDigits: 2 };
  return lang === "vi" ? `${format(n, digits)} USD` : `$${format(n, digits)}`;
}
export function bytes(n) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  let value = n;
  while (Math.abs(value) >= 1024 && i < units.length - 1) { value /= 1024; i += 1; }
  return `${format(value, { maximumFractionDigits: i && Math.abs(value) < 100 ? 1 : 0 })} ${units[i]}`;
}
export const ms = (n) => (n >= 1000 ? `${format(n / 1000, { maximumSignificantDigits: 3 })} s` : `${format(n, { maximumFractionDigits: n < 10 ? 1 : 0 })} ms`);
export const rate = (n) => format(n, { maximumSignificantDigits: 3 });
export function duration(seconds) {
  const s = Math.round(seconds);
  const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
  const minutes = lang === "vi" ? "phút" : "min";
  const hours = lang === "vi" ? "giờ" : "h";
  const unit = lang === "vi" ? "giây" : "s";
  if (h) return `${h} ${hours} ${m} ${minutes}`;
  return m ? `${m} ${minutes} ${s % 60} ${unit}` : `${s} ${unit}`;
}
/** An ISO time in the reader's own zone. */
export const time = (iso) => new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
export const day = (iso) => new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(iso));
export const list = (names) => new Intl.ListFormat(lang, { type: "conjunction" }).format(names);
