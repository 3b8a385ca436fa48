// The token in the address `#/login/TOKEN`: taken out before anything else happens, so that it stays neither in the
// address bar nor in the history.

let kept = null;

/** The token that the address held, once; null where it held none. */
export function takeToken() {
  const found = /^#\/login\/([^?]+)/.exec(location.hash);
  if (found) {
    history.replaceState(null, "", "#/login");
    try { kept = decodeURIComponent(found[1]); } catch { kept = found[1]; }
  }
  const token = kept;
  kept = null;
  return token;
}

kept = takeToken();
