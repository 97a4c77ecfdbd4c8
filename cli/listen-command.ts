import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Command, Option } from 'commander';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { collect, parsePort } from './arguments.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { readSecretFile } from './secret-file.ts';
import { formatTime, printable } from './terminal.ts';

interface ListenOptions {
  readonly port: number;
  readonly host: string;
  readonly secretFile?: readonly string[];
  readonly secret?: readonly string[];
}

/** `veriqueue listen`: a receiver on a developer's machine that shows what arrives. */
export function addListenCommand(program: Command, context: CliContext): void {
  program
    .command('listen')
    .description('receive, verify and print events on this machine; answers 204, or 401 to a wrong signature')
    .option(
      '--secret-file <path...>',
      'file with a webhook secret (whsec_…), several while one rotates; - is standard input; instead of VERIQUEUE_WEBHOOK_SECRET',
      collect,
    )
    .addOption(
      new Option('--secret <secret...>', 'as an argument, which others can read')
        .argParser(collect)
        .hideHelp(),
    )
    .option('--port <port>', 'where to listen', parsePort, 4000)
    .option('--host <host>', 'on which address', '127.0.0.1')
    .action((options: ListenOptions) => listen(context, options));
}

type Received =
  | {
      readonly result: 'verified';
      readonly webhookId: string;
      readonly event: unknown;
      readonly again: boolean;
    }
  | { readonly result: 'refused'; readonly reason: string };

async function listen(context: CliContext, options: ListenOptions): Promise<void> {
  const { port, host } = options;
  const webhooks = (await findSecrets(context, options)).map(openSecret);
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    receive(webhooks, seen, request).then(
      (received) => {
        report(context, received);
        response.writeHead(received.result === 'verified' ? 204 : 401).end();
      },
      () => response.destroy(),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
  context.terminal.show({ listening: url }, `Listening at ${url}; stop with Ctrl-C.`);
  if (!context.interrupted.aborted) await once(context.interrupted, 'abort');
  server.close();
  server.closeAllConnections();
}

/** @throws {CommandFailure} when there is none */
async function findSecrets(
  context: CliContext,
  { secretFile, secret }: ListenOptions,
): Promise<readonly string[]> {
  if (secret !== undefined) {
    context.hideArguments();
    context.terminal.remark(
      'warning: --secret is deprecated. Other users of this machine can read arguments, and the shell keeps them: use --secret-file or VERIQUEUE_WEBHOOK_SECRET.',
    );
  }
  if (secretFile !== undefined) {
    return Promise.all(secretFile.map((path) => readSecretFile(context.questions, '--secret-file', path)));
  }
  return secret ?? context.webhookSecrets ?? [await context.readDevelopmentSecret()];
}

function openSecret(secret: string): Webhook {
  try {
    if (secret.startsWith('whsec_')) return new Webhook(secret);
  } catch {
    // Reported below; the library's message may quote it.
  }
  throw new CommandFailure('The webhook secret must be whsec_ and Base64, as client create showed it', 2);
}

const MAX_BODY_BYTES = 1_048_576;

async function receive(
  webhooks: readonly Webhook[],
  seen: Set<string>,
  request: IncomingMessage,
): Promise<Received> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return { result: 'refused', reason: 'the body is too large' };
    chunks.push(chunk);
  }
  const header = (name: string) => String(request.headers[name] ?? '');
  const webhookId = header('webhook-id');
  const headers = {
    'webhook-id': webhookId,
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  };
  const event = verifyWithAny(webhooks, Buffer.concat(chunks).toString('utf8'), headers);
  if (event.status === 'wrong') return { result: 'refused', reason: event.reason };
  const again = seen.has(webhookId);
  seen.add(webhookId);
  return { result: 'verified', webhookId, event: event.content, again };
}

function verifyWithAny(webhooks: readonly Webhook[], body: string, headers: Record<string, string>) {
  const reasons: string[] = [];
  for (const webhook of webhooks) {
    try {
      return { status: 'verified' as const, content: webhook.verify(body, headers) };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : 'unreadable');
    }
  }
  return { status: 'wrong' as const, reason: reasons[0] ?? 'no secret' };
}

/** What is shown of an event in one line; everything else it holds is in `--json`. */
const shown = z.object({
  type: z.string(),
  data: z
    .object({
      id: z.string().optional(),
      reference: z.string().nullish(),
      outcome: z.object({ verdict: z.string(), code: z.string(), action: z.string() }).nullish(),
    })
    .optional(),
});

function report({ terminal, now }: CliContext, received: Received): void {
  const time = formatTime(now());
  if (received.result === 'refused') {
    terminal.show(received, `${time}  REFUSED  ${printable(received.reason)}`);
    return;
  }
  const parsed = shown.safeParse(received.event);
  const { type, data } = parsed.success ? parsed.data : { type: 'unknown', data: undefined };
  const words = [
    time,
    type,
    received.webhookId,
    data?.outcome ? `${data.outcome.verdict} (${data.outcome.code}, ${data.outcome.action})` : '',
    data?.reference ? `reference ${data.reference}` : '',
    received.again ? 'again' : '',
  ];
  terminal.show(
    received,
    words
      .filter((word) => word !== '')
      .map(printable)
      .join('  '),
  );
}
