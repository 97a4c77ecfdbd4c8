import { execFile, spawnSync } from 'node:child_process';

export interface ToolRun {
  readonly code: number;
  readonly output: string;
}

/** A program that checks a deployment file, where the machine has it. Nothing here installs one. */
export interface OutsideTool {
  readonly name: string;
  readonly isPresent: boolean;
  run(args: readonly string[], input?: string): Promise<ToolRun>;
}

/**
 * Looks for a program once; its absence is reported once, by name.
 *
 * @param path the program's name, or its whole path
 * @param probe arguments with which it ends with 0 at once
 */
export function findOutsideTool(path: string, probe: readonly string[]): OutsideTool {
  const isPresent = spawnSync(path, probe).status === 0;
  if (!isPresent) process.stderr.write(`${path} is not installed: what it would check is skipped\n`);
  return {
    name: path,
    isPresent,
    run: (args, input = '') =>
      new Promise((resolve) => {
        const child = execFile(path, args, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
        );
        child.stdin?.end(input);
      }),
  };
}
