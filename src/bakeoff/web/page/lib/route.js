// Where the reader is: #/PAGE, or #/p/PROJECT/PAGE/REST?query. In the hash, so that the server's prefix does not matter.

import { useEffect, useState } from "../vendor/preact.js";

const decode = (part) => { try { return decodeURIComponent(part); } catch { return part; } };

export function read(hash = location.hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decode);
  const query = Object.fromEntries(new URLSearchParams(search));
  if (parts[0] === "p") return { project: parts[1] ?? null, page: parts[2] ?? "sheet", rest: parts.slice(3), query };
  return { project: null, page: parts[0] ?? "start", rest: parts.slice(1), query };
}

/** The address of a page of a project, or of the server. */
export function href(project, page, { rest = [], query = {} } = {}) {
  const parts = project === null ? [page, ...rest] : ["p", project, page, ...rest];
  const known = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(known).toString();
  return `#/${parts.map((part) => encodeURIComponent(part)).join("/")}${search ? `?${search}` : ""}`;
}

export const go = (...where) => { location.hash = href(...where); };

/** The same page with another query, without a step in the history. */
export function requery(query) {
  const here = read();
  history.replaceState(null, "", href(here.project, here.page, { rest: here.rest, query: { ...here.query, ...query } }));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute() {
  const [route, set] = useState(read());
  useEffect(() => {
    const changed = () => set(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
