// Talking to the server. Addresses are relative, so any prefix of a proxy works.
// Every failure is an ApiError; where the server is gone, `connection` knows it and asks until it is back.

export class ApiError extends Error {
  constructor(status, { kind = "http", message = "", hint = null, ...more } = {}) {
    super(message);
    Object.assign(this, { status, kind, hint, more });
  }
}

const listeners = new Set();
export const connection = {
  gone: false,
  /** Call `fn` on every change; returns what ends it. */
  listen(fn) { listeners.add(fn); return () => listeners.delete(fn); },
};

const set = (gone) => {
  if (connection.gone === gone) return;
  connection.gone = gone;
  for (const fn of [...listeners]) fn(gone);
  if (gone) again(500);
};

const again = (wait) => setTimeout(async () => {
  try {
    await fetch("api/app", { cache: "no-store" });
    set(false);
  } catch {
    again(Math.min(wait * 1.5, 5000));
  }
}, wait);

const headers = () => ({ "Accept-Language": document.documentElement.lang });

/** The raw answer, for streams and files. Throws ApiError unless it is a good one. */
export async function raw(method, path, { body, type, signal } = {}) {
  const options = { method, headers: headers(), signal, cache: "no-store" };
  if (body !== undefined) {
    options.headers["Content-Type"] = type ?? "application/json";
    options.body = type ? body : JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    set(true);
    throw new ApiError(0, { kind: "gone", message: error.message });
  }
  set(false);
  if (!answer.ok) {
    let told = {};
    try { told = (await answer.json()).error ?? {}; } catch { /* not ours: a proxy's page */ }
    if (answer.status === 401 && !location.hash.startsWith("#/login")) {
      try { sessionStorage.setItem("bakeoff.back", location.hash); } catch { /* then the start page it is */ }
      location.hash = "#/login";
    }
    throw new ApiError(answer.status, { message: `${answer.status} ${answer.statusText}`, ...told });
  }
  return answer;
}

const asked = async (method, path, options) => {
  const answer = await raw(method, path, options);
  return answer.status === 204 ? null : answer.json();
};

export const get = (path, options) => asked("GET", path, options);
export const post = (path, body = {}, options = {}) => asked("POST", path, { ...options, body });
export const put = (path, body = {}, options = {}) => asked("PUT", path, { ...options, body });
export const del = (path, options = {}) => asked("DELETE", path, options);
/** A file as it is. */
export const upload = (path, file, options = {}) =>
  asked("POST", path, { ...options, body: file, type: "application/octet-stream" });

/** `api/projects/NAME/...` */
export const of = (project, ...parts) =>
  ["api/projects", ...[project, ...parts].map(encodeURIComponent)].join("/");

/** A query from what is known: null, undefined and "" are left out; a list is repeated. */
export const query = (values) => {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null && one !== undefined && one !== "") found.append(name, one);
  const text = found.toString();
  return text ? `?${text}` : "";
};
