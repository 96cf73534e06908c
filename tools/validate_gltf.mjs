// Checks .glb files with the Khronos glTF Validator: node tools/validate_gltf.mjs FILE...
// Needs the npm package gltf-validator (2.0.0-dev.3.10) where node finds it (e.g. by NODE_PATH).
// Exit code 0: no errors and no warnings in any file.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";

const { validateBytes } = createRequire(import.meta.url)("gltf-validator");
let clean = true;
for (const path of process.argv.slice(2)) {
  const report = await validateBytes(new Uint8Array(await readFile(path)));
  const { numErrors, numWarnings, numInfos, messages } = report.issues;
  console.log(`${path}: ${numErrors} errors, ${numWarnings} warnings, ${numInfos} infos`);
  for (const message of messages.slice(0, 20)) {
    console.log(`  ${message.code} ${message.pointer ?? ""} ${message.message}`);
  }
  clean &&= numErrors === 0 && numWarnings === 0;
}
process.exit(clean ? 0 : 1);
