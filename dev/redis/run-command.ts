import { execFile } from 'node:child_process';
import { pickSystemEnvironment } from '../../shared/system-environment.ts';
import type { RunCommand } from './redis-binary.ts';

const LONGEST_MS = 300_000;

/** Makes the runner for {@link RunCommand} that really runs commands, with what programs of the system need of `env`. */
export function makeRunCommand(env: Readonly<Record<string, string | undefined>>): RunCommand {
  return (file, args, extraEnv = {}) =>
    new Promise((resolve) => {
      execFile(
        file,
        [...args],
        {
          env: { ...pickSystemEnvironment(env), ...extraEnv },
          timeout: LONGEST_MS,
          maxBuffer: 16 * 1024 * 1024,
        },
        (error, stdout, stderr) => {
          if (error !== null && typeof error.code === 'string') {
            // ENOENT, EACCES: it could not be run at all.
            resolve({ kind: 'not-found' });
            return;
          }
          // No exit code at all: killed, by the time limit for instance.
          const code = error === null ? 0 : (error.code ?? -1);
          resolve({ kind: 'exited', code: Number(code), output: `${stdout}${stderr}` });
        },
      );
    });
}
