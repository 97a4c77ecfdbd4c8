import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** What `npm start` has brought up for the readers of all pages. */
export interface ReaderStack {
  /** As pages name them → as they are here. */
  readonly ports: ReadonlyMap<string, string>;
  readonly url: string;
  readonly apiKey: string;
  readonly webhookSecret: string;
  /** SIGTERM, as a service manager sends it; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Then it is stopped rather than left behind. */
const READY_WITHIN_MS = 90_000;
const READY = /^Stop with Ctrl-C/;
const PRINTED = {
  url: /listening at (\S+)/,
  sandbox: /Upstream: the sandbox at (\S+)/,
  apiKey: /^API key: +(vq_\w+)/m,
  webhookSecret: /^Webhook secret: +(whsec_\S+)/m,
};

/**
 * Starts everything by the command the README shows. Ports are free ones, since others may work on this machine: pages
 * and their output are translated.
 *
 * @param command the block of the README
 * @throws Error with all it printed when it ends, or is stopped, before it is ready
 */
export async function startReaderStack(
  command: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<ReaderStack> {
  const child = spawn('bash', ['-c', command], {
    cwd: folder,
    // One person's limit is not what the pages are about, and they share a few people.
    env: {
      ...environment,
      VERIQUEUE_PRINT_KEYS: 'yes',
      PORT: '0',
      SANDBOX_PORT: '0',
      PERSON_PER_MINUTE: '0',
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const output = createInterface(child.stdout);
  const timer = setTimeout(() => child.kill('SIGTERM'), READY_WITHIN_MS);
  await new Promise<void>((resolve, reject) => {
    output.on('line', (line) => {
      lines.push(line);
      if (READY.test(line)) resolve();
    });
    void ended.then((code) => reject(new Error(`npm start ended with ${code}:\n${lines.join('\n')}`)));
  });
  clearTimeout(timer);
  const said = lines.join('\n');
  const find = (pattern: RegExp) => {
    const [, found] = pattern.exec(said) ?? [];
    if (found === undefined) throw new Error(`npm start must print ${pattern.source}, received:\n${said}`);
    return found;
  };
  const url = find(PRINTED.url);
  const port = (address: string) => new URL(address).port;
  return {
    ports: new Map([
      // A deployment's OPERATIONS_PORT; here they are one.
      ['3002', port(url)],
      ['3000', port(url)],
      ['3001', port(find(PRINTED.sandbox))],
    ]),
    url,
    apiKey: find(PRINTED.apiKey),
    webhookSecret: find(PRINTED.webhookSecret),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
