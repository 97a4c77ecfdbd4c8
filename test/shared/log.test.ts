import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What a process that logs and exits at once has written to standard output. */
function logAndExit(format: string, output: 'terminal' | 'pipe'): Promise<{ code: number; lines: string[] }> {
  const file = fileURLToPath(new URL('./log-and-exit.ts', import.meta.url));
  const env = { PATH: process.env['PATH'], NO_COLOR: '1', TZ: 'UTC' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', file, format, output], { env }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n') }),
    );
  });
}

describe('the log', () => {
  it.each([
    ['auto', 'pipe'],
    ['json', 'terminal'],
  ] as const)('is JSON by LOG_FORMAT=%s on a %s, to the last line', async (format, output) => {
    const { code, lines } = await logAndExit(format, output);
    expect(code).toBe(3);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 30,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\S+Z$/),
        part: 'worker',
        event: 'attempt',
        verification: 'ver_1',
        idCard: '(redacted)',
        msg: 'upstream call',
      }),
      expect.objectContaining({ level: 60, event: 'stop_overdue' }),
    ]);
  });

  it.each([
    ['auto', 'terminal'],
    ['pretty', 'pipe'],
  ] as const)('is for people by LOG_FORMAT=%s on a %s, to the last line', async (format, output) => {
    const { code, lines } = await logAndExit(format, output);
    expect(code).toBe(3);
    expect(lines).toEqual([
      expect.stringMatching(
        /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: worker attempt: upstream call \{"verification":"ver_1","code":"Success","idCard":"\(redacted\)"\}$/,
      ),
      expect.stringMatching(/^\[\S+\] FATAL: worker stop_overdue: the worker cannot stop in order\s*$/),
    ]);
  });
});
