#!/usr/bin/env node
// Runs the program that the package for this platform holds. What goes wrong here ends with 2, as anything that keeps
// keysweep from telling does.
"use strict";

const { spawnSync } = require("node:child_process");

const name = `keysweep-${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "keysweep.exe" : "keysweep";

let program;
try {
  program = require.resolve(`${name}/${file}`);
} catch {
  console.error(`keysweep: the package '${name}' is not installed. Either there is none for this platform, or optional`);
  console.error("dependencies were left out: npm install --include=optional");
  process.exit(2);
}

const { error, status, signal } = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (error) {
  console.error(`keysweep: ${program} cannot be run: ${error.message}`);
  process.exit(2);
}
if (signal) {
  process.kill(process.pid, signal);
}
process.exit(status ?? 2);
