// The interpreter evaluates Vega's expressions without `eval`, which the page's content security policy forbids.
export { parse, View } from "vega";
export { compile } from "vega-lite";
export { expressionInterpreter } from "vega-interpreter";
