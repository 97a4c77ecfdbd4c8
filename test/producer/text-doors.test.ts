import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BatchFormat, readRows } from '../../cli/batch/read-rows.ts';
import { createQuestions } from '../../cli/questions.ts';
import { readPerson } from '../../cli/read-person.ts';
import { ApiError, Veriqueue } from '../../client/veriqueue.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import { photo, photoBase64 } from '../support/person.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from './producer-under-test.ts';
import { makeIdCard } from './submission-builder.ts';

/**
 * The same text must have the same fate whichever way it comes: by JSON or form, by the client, from a file or standard input
 * of `submit`, or as a row of a CSV or NDJSON file.
 */

let redis: TestRedis;
let producer: ProducerUnderTest;
let folder: string;
beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-doors-'));
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Person {
  readonly idCard: string;
  readonly name: string;
}

/** The id of the verification that stands for the key; or every `pointer code` of the refusal. */
type Fate = { readonly id: string } | { readonly refused: readonly string[] };
/** How a whole document may be written, where the door takes one. */
interface Writing {
  readonly bom: string;
  readonly lineEnd: string;
}
type Door = (person: Person, key: string, writing: Writing) => Promise<Fate>;

const refusedFor = (errors: readonly { readonly pointer: string; readonly code: string }[]) => ({
  refused: errors.map(({ pointer, code }) => `${pointer} ${code}`),
});

async function fateOf(answer: Response): Promise<Fate> {
  const body = (await answer.json()) as { readonly id: string } & Problem;
  return answer.status === 202 ? { id: body.id } : refusedFor(body.errors ?? []);
}

async function submitByClient(person: Person, key: string): Promise<Fate> {
  const { apiKey } = producer.client;
  const client = new Veriqueue({ url: producer.url, apiKey, maxRetries: 0 });
  try {
    const { verification } = await client.submit({
      ...{ idCard: person.idCard, name: person.name },
      ...{ photo: { base64: photoBase64 }, idempotencyKey: key },
    });
    return { id: verification.id };
  } catch (error) {
    if (error instanceof ApiError) return refusedFor(error.errors);
    throw error;
  }
}

const never = new AbortController().signal;

async function readFromCli(text: string, from: 'file' | 'input'): Promise<Person> {
  const path = join(folder, 'person.json');
  await writeFile(path, text);
  const stdin = Readable.from([Buffer.from(text)]);
  return readPerson(createQuestions(stdin, new PassThrough()), from === 'file' ? path : '-', never);
}

async function readRow(text: string, format: BatchFormat): Promise<Person> {
  const path = join(folder, `rows.${format}`);
  await writeFile(path, text);
  for await (const reading of readRows({ path, format })) {
    if (reading.status === 'read') return reading.row;
    throw new Error(`Cannot read the row: ${JSON.stringify(reading.faults)}`);
  }
  throw new Error('Cannot read the row: the file has none');
}

const headers = (key: string) => ({ 'idempotency-key': key });
const json = (person: Person, { bom, lineEnd }: Writing, more = {}) =>
  `${bom}${JSON.stringify({ ...person, ...more }, null, 1).replaceAll('\n', lineEnd)}${lineEnd}`;
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

const doors: Readonly<Record<string, Door>> = {
  'HTTP JSON': async (person, key, writing) =>
    fateOf(await producer.submit(json(person, writing, { imageBase64: photoBase64 }), headers(key))),
  'HTTP form': async ({ idCard, name }, key) => {
    const form = new FormData();
    form.append('idCard', idCard);
    form.append('name', name);
    form.append('image', new Blob([new Uint8Array(photo)]), 'photo.jpg');
    return fateOf(await producer.submit(form, headers(key)));
  },
  'the client': (person, key) => submitByClient(person, key),
  'submit --from': async (person, key, writing) =>
    submitByClient(await readFromCli(json(person, writing), 'file'), key),
  'submit and standard input': async (person, key, writing) =>
    submitByClient(await readFromCli(json(person, writing), 'input'), key),
  'a CSV file': async ({ idCard, name }, key, { bom, lineEnd }) => {
    const lines = ['idCard,name,photo', [idCard, name, 'a.jpg'].map(quoted).join(','), ',,', ''];
    return submitByClient(await readRow(`${bom}${lines.join(lineEnd)}`, 'csv'), key);
  },
  'an NDJSON file': async (person, key, { bom, lineEnd }) => {
    const line = JSON.stringify({ ...person, photo: 'a.jpg' });
    return submitByClient(await readRow(`${bom}${line}${lineEnd} ${lineEnd}`, 'ndjson'), key);
  },
};

const idCard = makeIdCard(1, '19900101');
const fullWidth = [...idCard].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('');

const accepted: readonly [what: string, person: Person, same: Person][] = [
  ['composed characters', { idCard, name: 'T\u00E9st' }, { idCard, name: 'T\u00E9st' }],
  ['decomposed ones', { idCard, name: 'Te\u0301st' }, { idCard, name: 'T\u00E9st' }],
  ['an ideograph outside the basic plane', { idCard, name: '测\u{20BB7}' }, { idCard, name: '测\u{20BB7}' }],
  [
    'a byte order mark before both',
    { idCard: `\uFEFF${idCard}`, name: '\uFEFF测试' },
    { idCard, name: '测试' },
  ],
  ['a radical', { idCard, name: '\u2EE2测' }, { idCard, name: '马测' }],
  ['another spelling of the dot', { idCard, name: '测试\u3002样本' }, { idCard, name: '测试\u00B7样本' }],
];

const refused: readonly [what: string, person: Person, errors: readonly string[]][] = [
  ['a byte order mark within the name', { idCard, name: '测\uFEFF试' }, ['/name name_invisible_character']],
  ['a zero-width space', { idCard, name: '测\u200B试' }, ['/name name_invisible_character']],
  ['a zero-width joiner', { idCard, name: '测\u200D试' }, ['/name name_invisible_character']],
  ['a line break', { idCard, name: '测试\r\n' }, ['/name name_invisible_character']],
  ['a trailing blank', { idCard, name: '测试 ' }, ['/name name_space']],
  ['a leading blank', { idCard, name: ' 测试' }, ['/name name_space']],
  ['a no-break space', { idCard, name: 'Test\u00A0Person' }, ['/name name_space']],
  ['an ideographic space', { idCard, name: '测\u3000试' }, ['/name name_space']],
  ['a mask', { idCard, name: '张\uFF0A' }, ['/name name_mask']],
  ['what was no UTF-8', { idCard, name: '\uFFFD\uFFFD' }, ['/name name_not_utf8']],
  ['full-width digits', { idCard: fullWidth, name: '测试' }, ['/idCard id_card_characters']],
  ['a blank behind the number', { idCard: `${idCard} `, name: '测试' }, ['/idCard id_card_length']],
  ['a no-break space before it', { idCard: `\u00A0${idCard}`, name: '测试' }, ['/idCard id_card_length']],
  ['a zero-width space in it', { idCard: `${idCard}\u200B`, name: '测试' }, ['/idCard id_card_length']],
];

const writings: readonly [what: string, Writing][] = [
  ['as it is', { bom: '', lineEnd: '\n' }],
  ['with a byte order mark and CRLF', { bom: '\uFEFF', lineEnd: '\r\n' }],
];

describe.each(writings)('a document %s', (what, writing) => {
  test.each(accepted)(
    'is taken as one and the same person by every door, with %s',
    async (name, person, same) => {
      const key = `${what} ${name}`;
      const first = await submitByClient(same, key);
      expect(first).toHaveProperty('id');
      for (const [door, submit] of Object.entries(doors)) {
        expect({ door, fate: await submit(person, key, writing) }).toEqual({ door, fate: first });
      }
    },
  );

  test.each(refused)(
    'is refused for the same reason by every door, with %s',
    async (name, person, errors) => {
      for (const [door, submit] of Object.entries(doors)) {
        const fate = await submit(person, `${what} ${name}`, writing);
        expect({ door, fate }).toEqual({ door, fate: { refused: errors } });
      }
    },
  );
});

test('a person in another encoding is refused before it is read as another, from a file and from standard input', async () => {
  const gbk = Buffer.from([...Buffer.from('{"idCard":"1","name":"'), 0xb2, 0xe2, 0xca, 0xd4, 0x22, 0x7d]);
  const path = join(folder, 'gbk.json');
  await writeFile(path, gbk);
  const questions = createQuestions(Readable.from([gbk]), new PassThrough());
  await expect(readPerson(questions, path, never)).rejects.toThrow(/--from must be UTF-8/);
  await expect(readPerson(questions, '-', never)).rejects.toThrow(/standard input must be UTF-8/);
});
