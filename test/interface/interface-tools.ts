import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../deployment/built-program.ts';
import { findAbility } from '../support/needs.ts';
import type { ToolRun } from '../support/outside-tool.ts';

/** Linters and generators, with 400 packages of theirs: apart from what everyone installs who tries the product. */
export const toolModules = join(root, 'test/interface/tools/node_modules');

export const hasInterfaceTools = findAbility(existsSync(join(toolModules, '.bin/redocly')), {
  name: 'interface-tools',
  get: 'npm ci --prefix test/interface/tools',
});

/** None of them may ask the network for anything: the clients are generated from a file. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1', CI: '1' };

/** Runs one of the tools. @param folder its working directory */
export function runTool(
  name: string,
  args: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ToolRun> {
  const options = {
    cwd: folder,
    env: { ...process.env, ...QUIET, ...environment },
    maxBuffer: 16 * 1024 * 1024,
  };
  return new Promise((resolve) => {
    execFile(join(toolModules, '.bin', name), args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}
