// Text of models and files as it may be shown: nothing in it moves a cursor, hides or turns other text around.

const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

/** Colours of a terminal are dropped; what is left of control characters, and what turns text around, is named. */
export function visible(text) {
  return String(text).replace(ANSI, "").replace(CONTROLS, (one) => {
    const code = one.codePointAt(0);
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}

/** The short name of a model: `ORG/NAME` without its owner. */
export const shortName = (name) => name.replace(/^[\w.-]+\/(?=[\w.-])/, "");
