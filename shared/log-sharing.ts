/** Hands log lines on to where operators can follow them, without ever making their writer wait. */
export interface LogSharing {
  /** Takes one line as pino writes it. */
  offer(line: string): void;
  /** Hands on what it still has. */
  stop(): Promise<void>;
}

export interface LogSharingDeps {
  /** Hands lines on, or fails: they are lost then. */
  readonly append: (lines: readonly string[]) => Promise<void>;
  /** The least level that is wanted now, as pino's number. */
  readonly readWanted: () => Promise<number>;
  /** Which lines are wanted before that is known, and while it cannot be found out. */
  readonly alwaysWanted: number;
  /** ms epoch */
  readonly now: () => number;
  /** The name of the process' part, for a line of its own. */
  readonly part: string;
  /** Between two turns. @default 1000 */
  readonly everyMs?: number;
}

const EVERY_MS = 1_000;
/** Of one turn: what a process under load writes besides is counted, and not shared. */
export const LINES_PER_TURN = 100;
/** A longer one is cut: stacks of errors end well before. */
export const LONGEST_LINE = 4_000;

/** pino writes the level first. */
const LEVEL = /^\{"level":(\d+)/;
const WARN = 40;

/**
 * Lines are kept until the next turn, a hundred at most, and handed on in one piece; one turn at a time. What is too much,
 * or cannot be handed on, is lost: the next turn that succeeds says how much. Nothing else waits for any of it.
 */
export function createLogSharing({
  append,
  readWanted,
  alwaysWanted,
  now,
  part,
  everyMs = EVERY_MS,
}: LogSharingDeps): LogSharing {
  let wanted = alwaysWanted;
  let lines: string[] = [];
  let leftOut = 0;
  let turn: Promise<void> | null = null;

  const handOn = async () => {
    const handed = lines;
    const missing = leftOut;
    lines = [];
    leftOut = 0;
    if (handed.length === 0 && missing === 0) return;
    const notice = missing === 0 ? [] : [describeLeftOut(missing, part, now())];
    try {
      await append([...handed, ...notice]);
    } catch {
      // Not logged, because that would be one more line to share. It is counted, and said when lines can be shared again.
      leftOut += handed.length + missing;
    }
  };
  const takeTurn = async () => {
    await handOn();
    // A Redis that does not answer has been reported by the connections that matter.
    wanted = await readWanted().catch(() => alwaysWanted);
  };
  const timer = setInterval(() => {
    turn ??= takeTurn().finally(() => {
      turn = null;
    });
  }, everyMs).unref();

  return {
    offer: (line) => {
      if (Number(LEVEL.exec(line)?.[1] ?? 0) < wanted) return;
      if (lines.length < LINES_PER_TURN) lines.push(line.length > LONGEST_LINE ? shorten(line) : line);
      else leftOut += 1;
    },
    stop: async () => {
      clearInterval(timer);
      await turn;
      await handOn();
    },
  };
}

function describeLeftOut(count: number, part: string, now: number): string {
  return JSON.stringify({
    level: WARN,
    time: new Date(now).toISOString(),
    part,
    event: 'log_lines_left_out',
    count,
    msg: 'lines were not shared: the log of the process has them',
  });
}

/** What every line has, and a part of its message. */
function shorten(line: string): string {
  const { level, time, part, event, msg } = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify({
    level,
    time,
    part,
    event,
    shortened: true,
    msg: String(msg ?? '').slice(0, LONGEST_LINE / 4),
  });
}
