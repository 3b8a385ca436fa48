// Words for one way to run a model.

import { t } from "../../lib/words.js";

export const KINDS = ["hosted", "rented", "own"];
const CLASSES = ["hyperscaler", "specialised", "marketplace", "interruptible", "your price"];

/** rented on demand is rented. */
export const kindOf = (option) => (option.kind === "rented on demand" ? "rented" : option.kind);
export const kindName = (kind) => t(`cost.kind.${kind.replaceAll(" ", "_")}`);
export const machineName = (name) => (name === "this machine" ? t("cost.this_machine") : name);

/** Where it runs, without the model: `RTX 4090, marketplace`. */
export function whereOf(option) {
  const where = CLASSES.includes(option.where) ? t(`cost.class.${option.where.replaceAll(" ", "_")}`) : machineName(option.where);
  if (option.machine === null || kindOf(option) === "own") return where;
  return `${machineName(option.machine)} · ${where}`;
}
/** In running text: `own hardware, RTX 4090`. */
export const wayOf = (option) => `${kindName(option.kind)}, ${whereOf(option)}`;
export const isKept = (option) => option.where !== "interruptible";
