import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { z } from 'zod';
import { submission } from '../../shared/contract/submission.ts';
import { verification, verificationEvent } from '../../shared/contract/verification.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import type { Checkout } from './checkout.ts';
import type { ReaderStack } from './reader-stack.ts';
import type { Json } from './shown-json.ts';

/** What a page may say of a block of JSON (`schema=…`): the contract's schemas. */
export const schemas: Readonly<Record<string, z.ZodType>> = { submission, verificationEvent };

/** Real things for what pages show as examples. */
export interface Examples {
  /** One real answer of each kind; pages leave parts of them out. */
  readonly answers: Readonly<Record<string, Json>>;
  /** Ids and addresses of the pages → those of a client, its key, a verification and a receiver that are there. */
  readonly words: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

const createdClient = z.object({ clientId: z.string(), apiKey: z.string() });
const KEY_PREFIX_LENGTH = 'vq_0a1b2c'.length;

export async function makeExamples(
  stack: ReaderStack,
  checkout: Checkout,
  environment: Readonly<Record<string, string>>,
): Promise<Examples> {
  const receiver = await startReceiver();
  const { origin } = receiver;
  const make = ['--json', 'client', 'create', '--name', 'example', '--callback-url', origin];
  const { stdout } = await promisify(execFile)('veriqueue', [...make, '--origin', origin], {
    cwd: checkout.folder,
    env: environment,
  });
  const client = createdClient.parse(JSON.parse(stdout));
  const sent = makeSubmission(makePerson(), { reference: 'order-1', callbackUrl: origin });
  const id = await submit(stack.url, stack.apiKey, sent);
  return {
    answers: {
      submission: { idCard: sent.idCard, name: sent.name, imageBase64: sent.imageBase64 },
      verificationEvent: await receiver.firstBody,
    },
    words: new Map([
      ['https://hooks.example.com', origin],
      ['cli_01jd000000000000000000000a', client.clientId],
      ['ver_01jd000000000000000000000a', id],
      ['vq_0a1b2c', client.apiKey.slice(0, KEY_PREFIX_LENGTH)],
    ]),
    close: receiver.close,
  };
}

async function submit(url: string, apiKey: string, submission: object): Promise<string> {
  const answer = await fetch(`${url}/v1/verifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(submission),
  });
  return verification.parse(await answer.json()).id;
}

/** Takes whatever comes, and keeps what came first. */
async function startReceiver() {
  let keep: (body: Json) => void = () => undefined;
  const firstBody = new Promise<Json>((resolve) => {
    keep = resolve;
  });
  const server = createServer(async (request, response) => {
    keep((await json(request)) as Json);
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstBody,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
