import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { FAULTS } from '../../sandbox/planned-result.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { OUTCOMES } from '../../shared/outcomes/outcome-table.ts';
import { type Canary, formOf, makeCanary, submissionOf } from './canary.ts';
import type { Place } from './leak-search.ts';

export interface LoadTarget {
  /** The producer's address. */
  readonly url: string;
  readonly sandboxUrl: string;
  readonly apiKey: string;
}

/** A client of the API that keeps every answer it gets, head and body. */
export interface RecordingClient {
  readonly answers: readonly Place[];
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Bytes as they are; resolves when the server has closed the connection. */
  sendRaw(bytes: string | Buffer): Promise<void>;
  /** @throws Error when the answer is not 202 */
  submit(canary: Canary, more?: object, headers?: Readonly<Record<string, string>>): Promise<Verification>;
  submitForm(canary: Canary, more?: Readonly<Record<string, string>>): Promise<Verification>;
}

export function recordAnswers({ url, apiKey }: LoadTarget): RecordingClient {
  const answers: Place[] = [];
  const keep = (name: string, bytes: Buffer) => void answers.push({ name: `answer to ${name}`, bytes });
  const call: RecordingClient['call'] = async (path, init = {}) => {
    const headers = { authorization: `Bearer ${apiKey}`, ...(init.headers as Record<string, string>) };
    const answer = await fetch(new URL(path, url), { ...init, headers });
    const body = Buffer.from(await answer.clone().arrayBuffer());
    const head = JSON.stringify([answer.status, answer.statusText, ...answer.headers]);
    keep(`${init.method ?? 'GET'} ${answer.status}`, Buffer.concat([Buffer.from(head), body]));
    return answer;
  };
  const accepted = async (answer: Response): Promise<Verification> => {
    if (answer.status === 202) return (await answer.json()) as Verification;
    throw new Error(`Cannot submit: the answer must be 202, received ${answer.status}`);
  };
  return {
    answers,
    call,
    sendRaw: async (bytes) => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.on('error', () => undefined);
      socket.write(bytes);
      keep('raw bytes', Buffer.from(await text(socket).catch(() => '')));
    },
    submit: async (canary, more = {}, headers = {}) =>
      accepted(
        await call('/v1/verifications', {
          method: 'POST',
          body: JSON.stringify(submissionOf(canary, more)),
          headers: { 'content-type': 'application/json', ...headers },
        }),
      ),
    submitForm: async (canary, more = {}) =>
      accepted(await call('/v1/verifications', { method: 'POST', body: formOf(canary, more) })),
  };
}

/** Everything that must be refused, with a canary where it does not belong. */
export async function submitMalformed(client: RecordingClient, { apiKey }: LoadTarget): Promise<void> {
  const canary = makeCanary();
  const { idCard, name } = canary;
  const right = submissionOf(canary);
  const json = JSON.stringify(right);
  const bodies: readonly unknown[] = [
    json.slice(0, -5),
    `${idCard} ${name}`,
    `{"idCard": ${idCard}, "name": ${name}}`,
    `[${json}`,
    json.replace('"name"', '"name'),
    { ...right, idCard: [idCard] },
    { ...right, idCard: { [idCard]: name } },
    { ...right, idCard: `${idCard}1` },
    { ...right, idCard: ` ${idCard}` },
    { ...right, idCard: name },
    { ...right, name: `${name}${idCard}<script>` },
    { ...right, name: [name] },
    { ...right, name: `${name}\u0000` },
    { ...right, imageBase64: `data:image/jpeg;base64,${right.imageBase64}` },
    { ...right, imageBase64: right.imageBase64.slice(1) },
    { ...right, imageBase64: `${idCard}${name}` },
    { ...right, imageBase64: canary.marker.toString('base64') },
    { ...right, [idCard]: name, [name]: idCard },
    { ...right, extra: name.repeat(5) },
    { ...right, extra: [idCard] },
    { ...right, priority: idCard },
    { ...right, reference: idCard },
    { ...right, reference: `order of ${name}` },
    { ...right, reference: idCard.repeat(20) },
    { ...right, callbackUrl: idCard },
    { ...right, callbackUrl: `https://${idCard}:${name}@example.com/` },
    { ...right, callbackUrl: `https://example.com/?id=${idCard}&name=${encodeURIComponent(name)}` },
    { [idCard]: right },
    [right],
    idCard,
    null,
  ];
  for (const body of bodies) {
    await client.call('/v1/verifications', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  }
  await submitMalformedForms(client, canary);
  await askWithCanaries(client, canary, apiKey);
}

async function submitMalformedForms(client: RecordingClient, canary: Canary): Promise<void> {
  const { idCard, name } = canary;
  const boundary = 'b7316';
  const part = (disposition: string, value: string, type = 'text/plain') =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n${value}\r\n`;
  const end = `--${boundary}--\r\n`;
  const forms = [
    part('name="idCard"', idCard) + part('name="idCard"', idCard) + end,
    part(`name="${idCard}"`, name) + end,
    part(`name="${name}"; filename="${idCard}.jpg"`, 'x', 'image/jpeg') + end,
    part('name="image"', canary.marker.toString('latin1')) + end,
    part('name="idCard"', JSON.stringify({ idCard }), 'application/json') + end,
    part('name="idCard"', `{"${idCard}`, 'application/json') + end,
    part('name="name"', name).slice(0, -10),
    `--${boundary}\r\n${idCard}: ${name}\r\n\r\n`,
  ];
  for (const body of forms) {
    await client.call('/v1/verifications', {
      method: 'POST',
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
  }
  const twice = formOf(canary);
  twice.append('image', new Blob([new Uint8Array(canary.photo)]), `${idCard}.jpg`);
  await client.call('/v1/verifications', { method: 'POST', body: twice });
  await client.call('/v1/verifications', { method: 'POST', body: formOf(canary, { [idCard]: name }) });
}

/** In URLs, headers and the request line. */
async function askWithCanaries(client: RecordingClient, canary: Canary, apiKey: string): Promise<void> {
  const { idCard, name } = canary;
  const body = JSON.stringify(submissionOf(canary));
  const calls: readonly (readonly [string, RequestInit])[] = [
    [`/v1/verifications/${idCard}`, {}],
    [`/v1/verifications/${encodeURIComponent(name)}`, { method: 'DELETE' }],
    [`/v1/verifications?idCard=${idCard}&name=${encodeURIComponent(name)}`, {}],
    [`/v1/verifications?cursor=${idCard}`, {}],
    [`/v1/verifications?status=${idCard}`, {}],
    ['/v1/verifications', { method: 'PUT', body, headers: { 'x-name': encodeURIComponent(name) } }],
    [`/${idCard}/${encodeURIComponent(name)}`, { method: 'PUT', body }],
    [`/v1/verifications/ver_${idCard}/redeliver`, { method: 'POST' }],
    ['/v1/verifications', { method: 'POST', body, headers: { 'content-type': `text/${idCard}` } }],
    ['/v1/verifications', { method: 'POST', body, headers: { 'content-encoding': idCard } }],
    ['/v1/verifications', { method: 'POST', body, headers: { authorization: `Bearer ${idCard}` } }],
    ['/v1/verifications', { method: 'POST', body, headers: { authorization: `Basic ${btoa(idCard)}` } }],
    ['/v1/lane', { headers: { 'x-id-card': idCard, 'user-agent': idCard, 'x-forwarded-for': idCard } }],
    [
      '/v1/verifications',
      {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json', 'idempotency-key': idCard },
      },
    ],
  ];
  for (const [path, init] of calls) await client.call(path, init);
  const head = `POST /v1/verifications HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${apiKey}\r\nConnection: close\r\n`;
  for (const bytes of [
    `GET /${idCard} ${name} HTTP/1.1\r\n\r\n`,
    `${idCard} / HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /%zz${idCard} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    `${head}${idCard} : ${idCard}\r\n\r\n`,
    `${head}Content-Length: ${idCard}${idCard}\r\n\r\n${body}`,
    `${head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n${body}`,
    `${head}X: ${idCard.repeat(1000)}\r\n\r\n`,
  ]) {
    await client.sendRaw(bytes);
  }
}

export interface Scripted {
  readonly canary: Canary;
  readonly results: readonly object[];
}

/** Kinds of outcome that concern one verification and leave the lane as it is. */
const HARMLESS = new Set(['final', 'transient', 'fault', 'unknown']);

/**
 * A canary for every code and every fault of the upstream, and one that matches behind each of them: a lane on which
 * most calls fail slows down. Every answer with a text quotes the person it is about.
 */
export function planFailures(): readonly Scripted[] {
  const codes = Object.entries(OUTCOMES).filter(
    ([code, row]) => HARMLESS.has(row.kind) && !code.startsWith('Veriqueue.'),
  );
  return [
    ...codes.map(([code]) => scripted((quote) => [{ code, description: quote }])),
    ...codes
      .filter(([, row]) => row.kind === 'transient')
      .slice(0, 2)
      .map(([code]) => scripted((quote) => Array(3).fill({ code, description: quote, carrier: 'error' }))),
    ...FAULTS.map((fault) => scripted((quote) => [{ fault, description: quote, latencyMs: 3_000 }])),
    scripted((quote) => [{ code: 'Unheard.Of', description: quote }]),
  ].flatMap((failing) => [failing, { canary: makeCanary(), results: [] }]);
}

export function scripted(results: (quote: string) => readonly object[]): Scripted {
  const canary = makeCanary();
  const quote = `${canary.idCard} ${canary.name} ${canary.photo.toString('base64', 0, 120)}`;
  return { canary, results: results(quote) };
}

/** Sets what the sandbox answers about a person. */
export async function setScript(
  { sandboxUrl }: LoadTarget,
  { idCard }: Canary,
  results: readonly object[],
): Promise<void> {
  const answer = await fetch(`${sandboxUrl}/sandbox/script`, {
    method: 'POST',
    body: JSON.stringify({ idCard, results }),
  });
  if (!answer.ok) throw new Error(`Cannot set a script: ${await answer.text()}`);
}
