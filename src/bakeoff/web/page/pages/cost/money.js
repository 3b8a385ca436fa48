// Amounts in the reader's currency, at the reader's own rate.

import { decimal, money } from "../../lib/words.js";

/** @returns {(usd: number|string) => string} */
export function moneyIn(currency, perDollar) {
  if (!currency || currency === "USD" || !perDollar) return money;
  return (usd) => {
    const amount = Number(usd) * perDollar;
    const digits = Math.abs(amount) >= 100 || perDollar >= 1000 ? 0 : 2;
    return `${decimal(amount, digits)} ${currency}`;
  };
}
