// Written by 'keysweep hook install --agent opencode', which renews it: a tool that would be given a secret is stopped, and
// what a tool gives back is masked.
import { spawnSync } from "node:child_process";

const ask = (call) => {
  const run = spawnSync(KEYSWEEP, { shell: true, cwd: call.cwd, input: JSON.stringify(call), encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr || "keysweep did not answer, so this was stopped");
  return run.stdout ? JSON.parse(run.stdout) : {};
};

export const Keysweep = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const { deny } = ask({ opencode: "tool.execute.before", cwd: directory, tool: input.tool, args: output.args });
    if (deny) throw new Error(deny);
  },
  "tool.execute.after": async (input, output) => {
    const answer = ask({ opencode: "tool.execute.after", cwd: directory, tool: input.tool, output: output.output });
    output.output = answer.output ?? answer.deny ?? output.output;
  },
});
