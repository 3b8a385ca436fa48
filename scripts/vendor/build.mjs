// Makes src/bakeoff/web/page/vendor: one file for each use, minified, with version, licence and SHA-256 of each.
//   cd scripts/vendor && npm install --no-package-lock && node build.mjs
// Only who renews a library runs this; the page itself needs no build.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { buildSync } from "esbuild";

const out = new URL("../../src/bakeoff/web/page/vendor/", import.meta.url).pathname;
const tests = new URL("../../tests/web/browser/vendor/", import.meta.url).pathname;
const files = {
  "preact.js": ["preact", "htm"],
  "grid.js": ["ag-grid-community"],
  "charts.js": ["vega", "vega-lite", "vega-interpreter"],
  "markdown.js": ["marked", "dompurify"],
};

const about = (name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  return { name, version, license };
};
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
mkdirSync(tests, { recursive: true });
const listed = [];
for (const [file, packages] of Object.entries(files)) {
  buildSync({
    entryPoints: [file], outfile: out + file, bundle: true, minify: true, format: "esm", legalComments: "none",
    target: "es2022",
  });
  listed.push({ file, sha256: sha256(out + file), packages: packages.map(about) });
}
writeFileSync(out + "vendor.json", JSON.stringify(listed, null, 2) + "\n");
cpSync("node_modules/axe-core/axe.min.js", tests + "axe.min.js");
