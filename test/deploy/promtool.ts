import { execFile, spawnSync } from 'node:child_process';

const PROMTOOL = 'promtool';

/** Debian's package `prometheus` has it; `.ci/run` installs it where it can. */
export const hasPromtool = spawnSync(PROMTOOL, ['--version']).status === 0;

if (!hasPromtool) process.stderr.write('promtool is not installed: what it would check is skipped\n');

export interface Checked {
  readonly code: number;
  readonly output: string;
}

export function promtool(args: readonly string[], input = ''): Promise<Checked> {
  return new Promise((resolve) => {
    const child = execFile(PROMTOOL, [...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}
