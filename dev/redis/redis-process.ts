import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * One `redis-server` as a child that cannot outlive us.
 *
 * A shell stands between: it holds the other end of a pipe, and when that pipe closes it stops Redis. The
 * kernel closes it for us even after `kill -9`, which no handler of ours could. The child has a session of
 * its own, for a Ctrl-C reaches the whole foreground group and would take Redis away from a worker that drains.
 */
export interface RedisProcess {
  /** Settles with the first of both. */
  readonly started: Promise<
    { readonly kind: 'ready' } | { readonly kind: 'exited'; readonly lastLines: readonly string[] }
  >;
  readonly exited: Promise<RedisExit>;
  /** Asks Redis to write its data down and end (SIGTERM). Not awaited: see `exited`. */
  requestStop(): void;
}

export interface RedisExit {
  readonly code: number | null;
  readonly lastLines: readonly string[];
}

const GUARD = `
exec 3<&0
"$1" "$2" --pidfile "$3" </dev/null 3<&- &
redis=$!
( read -r _ <&3; kill -TERM "$redis" ) 2>/dev/null &
guard=$!
exec 3<&-
wait "$redis"
code=$?
kill "$guard" 2>/dev/null
exit "$code"
`;

const KEPT_LINES = 15;

/** @param binary absolute path: the child gets no PATH, nor any other variable of ours (they hold secrets) */
export function spawnRedis({
  binary,
  configFile,
  pidFile,
  dataDir,
}: {
  readonly binary: string;
  readonly configFile: string;
  readonly pidFile: string;
  readonly dataDir: string;
}): RedisProcess {
  const child = spawn('/bin/sh', ['-c', GUARD, 'redis-guard', binary, configFile, pidFile], {
    cwd: dataDir,
    detached: true,
    env: { LC_ALL: 'C' },
    stdio: 'pipe',
  });
  // Redis may end first; then the pipe has no reader.
  child.stdin.on('error', () => undefined);
  const lastLines: string[] = [];
  const ready = readUntilReady(child, lastLines);
  const exited = new Promise<RedisExit>((resolve) => {
    child.once('error', (error) => resolve({ code: null, lastLines: [error.message] }));
    // Not `close`: the guard's pipes may stay open a little longer. `exit` can come before the last output.
    child.once('exit', (code) => setImmediate(() => resolve({ code, lastLines })));
  });
  return {
    started: Promise.race([
      ready.then(() => ({ kind: 'ready' as const })),
      exited.then((exit) => ({ kind: 'exited' as const, lastLines: exit.lastLines })),
    ]),
    exited,
    requestStop: () => child.stdin.end(),
  };
}

/** Reads until the streams end: a full pipe would stop Redis at its next log line. */
function readUntilReady(child: ChildProcessWithoutNullStreams, lastLines: string[]): Promise<void> {
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        lastLines.push(line);
        lastLines.splice(0, lastLines.length - KEPT_LINES);
        // Only our own child's word counts: a connection could reach another server on the same port.
        if (line.includes('Ready to accept connections')) {
          resolve();
        }
      });
    }
  });
}
