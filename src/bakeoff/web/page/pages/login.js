// Asks for the server's token, or takes it from the address that the server printed.

import { html, useEffect, useState } from "../vendor/preact.js";
import { post } from "../lib/api.js";
import { useStyles, useTitle } from "../lib/hooks.js";
import { takeToken } from "../lib/token.js";
import { t } from "../lib/words.js";
import { Button, Input, Problem } from "../parts/basic.js";

const back = () => {
  try {
    const hash = sessionStorage.getItem("bakeoff.back") ?? "";
    sessionStorage.removeItem("bakeoff.back");
    return hash.startsWith("#/") && !hash.startsWith("#/login") ? hash : "#/";
  } catch { return "#/"; }
};

/** The folder of the page's address: the cookie is for nothing else on this host. */
export const place = () => location.pathname.replace(/[^/]*$/, "");

export default function Login({ route }) {
  const [token, set] = useState("");
  const [busy, wait] = useState(false);
  const [error, fail] = useState(null);
  useTitle(t("login.title"));
  useStyles("start");

  const enter = async (shown) => {
    wait(true);
    fail(null);
    try {
      await post("api/login", { token: shown.trim(), path: place() });
      history.replaceState(null, "", back());
      location.reload();
    } catch (found) {
      const known = { 401: "wrong", 429: "wait" }[found.status];
      fail(known ? Object.assign(found, { message: t(`login.failed.${known}`), hint: null }) : found);
      wait(false);
    }
  };
  useEffect(() => {
    const taken = takeToken();
    if (taken) enter(taken);
  }, [route.rest[0]]);

  return html`<div class="login">
    <h1>${t("login.title")}</h1>
    <p class="lead">${t("login.lead")}</p>
    <form onSubmit=${(event) => { event.preventDefault(); if (!busy) enter(token); }}>
      <${Input} label=${t("login.token")} type="password" autocomplete="current-password" spellcheck="false"
        value=${token} onInput=${set} required />
      <${Problem} error=${error} />
      <${Button} kind="primary" type="submit" busy=${busy}>${t("login.enter")}<//>
    </form>
  </div>`;
}
