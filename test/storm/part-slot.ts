import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessOptions, type RunningProcess, startProcess } from '../../dev/start/child.ts';
import type { UnaskedExit } from './logs.ts';

/** The place of one process of the system: whatever ends it, there is soon another one. */
export interface PartSlot {
  readonly name: string;
  /** Whether a process is up and going on. */
  isWell(): boolean;
  /** SIGKILL; another one is started after `pauseMs`. Resolves when that is up. */
  kill(pauseMs: number): Promise<void>;
  /** SIGSTOP for so long. */
  freeze(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export interface PartSlotOptions {
  readonly name: string;
  readonly folder: ProcessOptions['folder'];
  /** An entry of the storm's own, instead of the folder's. */
  readonly entry?: URL;
  readonly environment: Readonly<Record<string, string>>;
  /** Gets the output of every process that was in this place. */
  readonly logFile: string;
  readonly onUnaskedExit: (exit: UnaskedExit) => void;
}

/** A machine that does much else starts Node.js slowly. */
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const RESTART_AFTER_MS = 300;

export async function startPartSlot(options: PartSlotOptions): Promise<PartSlot> {
  const slot = new Slot(options);
  await slot.start();
  return slot;
}

class Slot implements PartSlot {
  readonly name: string;
  readonly #options: PartSlotOptions;
  readonly #output: number;
  #part: RunningProcess | null = null;
  #frozen = false;
  #ending = false;

  constructor(options: PartSlotOptions) {
    this.name = options.name;
    this.#options = options;
    this.#output = openSync(options.logFile, 'a');
  }

  /** Starts a process, and again as long as it ends before it is up: an operator's supervisor does so too. */
  async start(): Promise<void> {
    while (!this.#ending) {
      const part = await this.#tryStart();
      if (part === null) {
        await sleep(RESTART_AFTER_MS);
        continue;
      }
      this.#part = part;
      void part.ended.then((how) => this.#onEnd(part, how));
      return;
    }
  }

  isWell(): boolean {
    return this.#part !== null && !this.#frozen;
  }

  async kill(pauseMs: number): Promise<void> {
    const part = this.#part;
    if (part === null) return;
    this.#part = null;
    process.kill(part.pid, 'SIGKILL');
    await part.ended;
    await sleep(pauseMs);
    await this.start();
  }

  async freeze(ms: number): Promise<void> {
    const part = this.#part;
    if (part === null) return;
    this.#frozen = true;
    process.kill(part.pid, 'SIGSTOP');
    await sleep(ms);
    this.#frozen = false;
    if (this.#part === part) process.kill(part.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    this.#ending = true;
    const part = this.#part;
    this.#part = null;
    if (part === null) return;
    if (this.#frozen) process.kill(part.pid, 'SIGCONT');
    await part.stop();
  }

  async #tryStart(): Promise<RunningProcess | null> {
    const { name, folder, entry, environment } = this.#options;
    try {
      return await startProcess({
        name,
        folder,
        ...(entry === undefined ? {} : { entry }),
        environment: { PATH: process.env['PATH'], ...environment },
        output: this.#output,
        readyWithinMs: READY_WITHIN_MS,
        stopWithinMs: STOP_WITHIN_MS,
      });
    } catch (error) {
      this.#report(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  #onEnd(part: RunningProcess, how: string): void {
    if (this.#part !== part) return;
    this.#part = null;
    this.#report(how);
    void sleep(RESTART_AFTER_MS).then(() => this.start());
  }

  #report(how: string): void {
    if (!this.#ending) this.#options.onUnaskedExit({ part: this.name, at: Date.now(), how });
  }
}
