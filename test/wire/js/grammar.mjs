// Which texts the grammar of a JSON schema lets through: node grammar.mjs < {"schema": {...}, "texts": [...]}
// XGrammar is what vLLM, SGLang and others hold a model's answer with, here as its own WebAssembly.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname} from "node:path";

// The package is a script for browsers that calls itself a module.
const require = createRequire(import.meta.url);
const path = require.resolve("@mlc-ai/web-xgrammar");
const xgrammar = {};
const script = new Function("exports", "module", "require", "__filename", "__dirname", readFileSync(path, "utf8"));
script(xgrammar, {exports: xgrammar}, require, path, dirname(path));

const {schema, texts} = JSON.parse(readFileSync(0, "utf8"));
const grammar = await xgrammar.Grammar.fromJSONSchema(JSON.stringify(schema));
const accepted = [];
for (const text of texts) accepted.push(await xgrammar.Testings.isGrammarAcceptString(grammar, text));
console.log(JSON.stringify(accepted));
