import { formatTime, type Terminal } from '../terminal.ts';

/** Lines under the time at which they were learned of, each once as long as it says the same of its subject. */
export interface ShownLines {
  /** @param about what the line is about: the same text about it is not shown again */
  showNew(about: string, value: object, text: string): void;
  /** The next line about it is shown, whatever it says. */
  forget(about: string): void;
}

/** Beyond, the oldest are forgotten: the worst that follows is a line that says what an earlier one did. */
const REMEMBERED = 10_000;

export function createShownLines({
  terminal,
  now,
}: {
  readonly terminal: Terminal;
  readonly now: () => number;
}): ShownLines {
  const shown = new Map<string, string>();
  return {
    showNew: (about, value, text) => {
      if (shown.get(about) === text) return;
      shown.delete(about);
      shown.set(about, text);
      const [oldest] = shown.keys();
      if (shown.size > REMEMBERED && oldest !== undefined) shown.delete(oldest);
      terminal.show({ at: new Date(now()).toISOString(), ...value }, `${formatTime(now())}  ${text}`);
    },
    forget: (about) => {
      shown.delete(about);
    },
  };
}

/** Something that is looked at again and again. */
export interface Followed {
  /** Shows what has happened since the last look. @returns whether there is more at once @throws as the look does */
  look(): Promise<boolean>;
}
