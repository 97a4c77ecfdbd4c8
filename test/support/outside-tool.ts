import { execFile, spawnSync } from 'node:child_process';
import { findAbility, type Need } from './needs.ts';

export interface ToolRun {
  readonly code: number;
  readonly output: string;
}

/** A program that some tests run where the machine has it. */
export interface OutsideTool extends Need {
  readonly isPresent: boolean;
  run(args: readonly string[], input?: string): Promise<ToolRun>;
}

/**
 * Looks for a program. Tests that need it say `skipIf(!tool.isPresent)`; the run ends with what was skipped for want of it.
 *
 * @param path the program's name, or its whole path
 * @param probe arguments with which it ends with 0 at once
 * @param get how a user gets it
 */
export function findOutsideTool(path: string, probe: readonly string[], get: string): OutsideTool {
  const isPresent = findAbility(spawnSync(path, probe).status === 0, { name: path, get });
  return {
    name: path,
    get,
    isPresent,
    run: (args, input = '') =>
      new Promise((resolve) => {
        const child = execFile(path, args, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
        );
        // A program that reads no input may end before it is written; its exit code says how it went.
        child.stdin?.on('error', () => undefined).end(input);
      }),
  };
}
