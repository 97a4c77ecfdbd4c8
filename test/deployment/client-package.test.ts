import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createContext, Script } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeWebhookHeaders } from '../../shared/webhook/webhook-signature.ts';
import { hasInterfaceTools, runTool } from '../interface/interface-tools.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { root } from './built-program.ts';
import { codeBlocks, readDocument, section } from './documents.ts';
import { type Application, createApplication, linkCompiler } from './packed-package.ts';

const guide = section(readDocument('docs/client.md'), '## From an empty folder to a verdict');
const [installing = '', using = ''] = codeBlocks(guide, 'sh');
const [example = ''] = codeBlocks(guide, 'ts');
const commandsOf = (block: string) => block.split('\n').filter((line) => line !== '');

let application: Application;
let chain: Chain;
let installed: string;

beforeAll(async () => {
  [application, chain] = await Promise.all([createApplication(['@veriqueue/client']), startChain()]);
  const commands = commandsOf(installing).filter((line) => !line.includes('--save-dev'));
  // Offline: a package without a dependency asks no registry for anything.
  for (const command of commands) await application.run(command, { npm_config_offline: 'true' });
  installed = join(application.folder, 'node_modules/@veriqueue/client');
  await linkCompiler(application);
}, 180_000);
afterAll(async () => {
  await application?.remove();
  await chain?.stop();
});

describe('the package @veriqueue/client', () => {
  it('holds the same entry twice with its declarations, what its declarations need, and a README', () => {
    const files = application.files['@veriqueue/client'] ?? [];
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        ...['veriqueue.js', 'veriqueue.cjs', 'veriqueue.d.ts', 'veriqueue.d.cts'].map(
          (name) => `dist/${name}`,
        ),
      ]),
    );
    const others = files.filter((path) => !/^dist\/[\w-]+\.d\.c?ts$/.test(path));
    expect(others.toSorted()).toEqual(
      ['LICENSE', 'README.md', 'dist/veriqueue.cjs', 'dist/veriqueue.js', 'package.json'].toSorted(),
    );
  });

  it('brings nothing else into an application', async () => {
    const { dependencies = {} } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    expect(dependencies).toEqual({});
    const tree = JSON.parse(await application.run('npm ls --all --json --omit=dev || true'));
    expect(tree.dependencies['@veriqueue/client'].dependencies).toBeUndefined();
  });

  it('takes less than 140 kB, packed or not', async () => {
    const [tarball = ''] = (await readdir(application.folder)).filter((file) => file.endsWith('.tgz'));
    expect((await stat(join(application.folder, tarball))).size).toBeLessThan(140_000);
    const files = await readdir(join(installed, 'dist'));
    const sizes = files.map(async (file) => (await stat(join(installed, 'dist', file))).size);
    expect((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)).toBeLessThan(140_000);
  });

  it('can be published, and names no place that does not exist', async () => {
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ license: 'MIT', publishConfig: { access: 'public' } });
    expect(manifest.private).toBeUndefined();
    expect(JSON.stringify(manifest)).not.toMatch(/https?:|github|gitlab/);
  });

  it.skipIf(!hasInterfaceTools)('passes publint, in its strict mode', async () => {
    const { code, output } = await runTool('publint', ['run', '--strict', installed], application.folder);
    expect([code, output]).toEqual([0, expect.stringContaining('All good!')]);
  });

  it.skipIf(!hasInterfaceTools)('has types that are right however it is resolved, says attw', async () => {
    const [tarball = ''] = (await readdir(application.folder)).filter((file) => file.endsWith('.tgz'));
    const args = [tarball, '--format', 'json', '--no-definitely-typed'];
    const { code, output } = await runTool('attw', args, application.folder);
    expect([code, code === 0 ? '' : output]).toEqual([0, '']);
  });

  it('is of the version of the server', async () => {
    const versions = ['package.json', 'client/package.json'].map(
      (file) => JSON.parse(readDocument(file)).version,
    );
    expect(new Set(versions).size).toBe(1);
  });
});

describe('what docs/client.md shows a newcomer', () => {
  it('is the example as it is', async () => {
    expect(example).toBe(await readFile(join(root, 'examples/client/verify-person.mts'), 'utf8'));
  });

  it('submits a photo, and prints the verdict from the verified webhook', async () => {
    const port = await findFreePort();
    await copyFile(join(root, 'samples/robot-480x640.jpg'), join(application.folder, 'photo.jpg'));
    await writeFile(join(application.folder, 'verify-person.mts'), example.replaceAll('4000', String(port)));
    const commands = commandsOf(using).filter((line) => !line.startsWith('export '));
    expect(commands).toHaveLength(2);
    const printed = await application.run(commands.join('\n'), {
      VERIQUEUE_URL: chain.url,
      VERIQUEUE_API_KEY: chain.client.apiKey,
      WEBHOOK_SECRET: chain.client.webhookSecret,
    });
    expect(printed).toMatch(/^ver_\w+ queued\nverification\.completed order-19 match\n$/);
  });
});

const submitAndVerify = `
async function submitAndVerify({ Veriqueue, verifyWebhook, WebhookVerificationError }) {
  const [url, apiKey, idCard, photo] = process.argv.slice(2);
  const veriqueue = new Veriqueue({ url, apiKey });
  const { verification } = await veriqueue.submit({ idCard, name: '测试甲', photo });
  const refused = await verifyWebhook('{}', new Headers(), 'whsec_AAAA').catch((error) => error);
  return [verification.status, refused instanceof WebhookVerificationError];
}
`;

const entries = {
  'an ES module': [
    'submit.mjs',
    `import * as client from '@veriqueue/client'; ${submitAndVerify}
console.log(...(await submitAndVerify(client)));`,
  ],
  'a CommonJS module': [
    'submit.cjs',
    `const client = require('@veriqueue/client'); ${submitAndVerify}
submitAndVerify(client).then((found) => console.log(...found));`,
  ],
  'the file for a CommonJS module where Node.js requires no ES modules': [
    'submit-old.cjs',
    `const client = require('./node_modules/@veriqueue/client/dist/veriqueue.cjs'); ${submitAndVerify}
submitAndVerify(client).then((found) => console.log(...found));`,
  ],
} as const;

describe('an application', () => {
  const photo = join(root, 'samples/robot-240x320.jpg');

  it.each(Object.entries(entries))('submits and verifies from %s', async (_name, [file, text]) => {
    await writeFile(join(application.folder, file), text);
    const args = [chain.url, chain.client.apiKey, makePerson().idCard, photo];
    expect(await application.run(`node ${file} ${args.join(' ')}`)).toBe('queued true\n');
  });

  it('has one set of error classes, whichever of its modules loads the client', async () => {
    const text = `
import { createRequire } from 'node:module';
import { ApiError } from '@veriqueue/client';
console.log(createRequire(import.meta.url)('@veriqueue/client').ApiError === ApiError);`;
    await writeFile(join(application.folder, 'both.mjs'), text);
    expect(await application.run('node both.mjs')).toBe('true\n');
  });
});

const typedUses = `
import { Veriqueue, verifyWebhook, type ClientAction, type OutcomeCode, type Verification } from '@veriqueue/client';
const veriqueue = new Veriqueue({ url: 'http://127.0.0.1:1', apiKey: 'vq_' });
const person = { idCard: '', name: '', photo: new Uint8Array() };
async function uses() {
  const cancelled: Verification = await veriqueue.cancel('ver_1');
  const erased: null = await veriqueue.cancel('ver_1', { erase: true });
  const verdict: 'match' | 'no_match' | 'unverifiable' | 'error' | undefined =
    (await veriqueue.waitFor('ver_1')).outcome?.verdict;
  for await (const { reference } of veriqueue.list({ status: 'held' })) void reference?.length;
  const event = await verifyWebhook('', new Headers(), ['whsec_']);
  if (event.type === 'webhook.test') void event.data.clientId;
  else if (event.type === 'delivery.dead') void event.data.endpoint?.length;
  else if (event.type === 'verification.completed') void event.data.outcome?.sim?.toFixed();
  const { outcome } = await veriqueue.get('ver_1');
  if (outcome?.action === 'resubmit_photo' || outcome?.code === 'Success') void outcome.completedAt;
  const action: ClientAction = 'none';
  const code: OutcomeCode = 'FailedOperation.LifePhotoPoorQuality';
  for await (const { id } of veriqueue.list({ code, submittedFrom: new Date() })) void [id, action];
  // @ts-expect-error: no such code of ours
  const unknown: OutcomeCode = 'FailedOperation.LifePhotoPoor';
  // @ts-expect-error: not every event is about a verification
  void event.data.outcome;
  // @ts-expect-error: no name
  await veriqueue.submit({ idCard: '', photo: '' });
  // @ts-expect-error: no such priority
  await veriqueue.submit({ ...person, priority: 'now' });
  // @ts-expect-error: no such status
  veriqueue.list({ status: 'done' });
  return [cancelled, erased, verdict, unknown];
}
void uses;
`;

describe('the declarations of @veriqueue/client', () => {
  it.each([
    ['node16', 'typed.mts', '--module node16'],
    ['node16, CommonJS', 'typed.cts', '--module node16'],
    ['nodenext', 'typed.mts', '--module nodenext'],
    ['nodenext, CommonJS', 'typed.cts', '--module nodenext'],
    ['bundler', 'typed.mts', '--module esnext --moduleResolution bundler'],
  ])('hold under --strict, and need no other package: %s', async (_name, file, resolution) => {
    await writeFile(join(application.folder, file), typedUses);
    const strict = '--strict --exactOptionalPropertyTypes --noEmit --target es2022 --types node';
    const listed = await application.run(`npx tsc ${strict} ${resolution} --listFiles ${file}`);
    const packages = listed
      .split('\n')
      .map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? '')
      .filter((name) => name !== '' && !/^(@types\/node|undici-types|@?typescript(\/.*)?)$/.test(name));
    expect([...new Set(packages)]).toEqual(['@veriqueue/client']);
  });

  it("say the same as the contract's schemas", async () => {
    expect(await compareWithContract(join(installed, 'dist/contract.d.cts'))).toBe('');
  });

  it('would be found out if they did not', async () => {
    const written = await readFile(join(installed, 'dist/contract.d.cts'), 'utf8');
    const changed = join(application.folder, 'changed.d.ts');
    await writeFile(changed, written.replace('position: number | null;', 'position?: number | null;'));
    expect(await compareWithContract(changed)).toMatch(
      /^same\.mts\(\d+,\d+\): error TS2322: .*another type/m,
    );
  });
});

/** Which module of the contract infers each type that the package writes out. */
const INFERRED_IN: Readonly<Record<string, string>> = {
  ApiKey: 'api-key',
  ApiKeyPage: 'api-key',
  ApiKeyScope: 'api-key-scope',
  Attempt: 'verification',
  Callback: 'callback',
  CallbackChange: 'callback',
  ClientAction: 'outcome-codes',
  ClientBudget: 'usage',
  ClientErasureReceipt: 'client-receipt',
  ClientErasureStatement: 'client-receipt',
  ClientShare: 'client-share',
  CreatedApiKey: 'api-key',
  CreatedEndpoint: 'endpoint',
  Delivery: 'verification',
  DeliveryDead: 'notice',
  DeliveryAttempt: 'delivery-log',
  DeliveryLog: 'delivery-log',
  Endpoint: 'endpoint',
  EndpointChange: 'endpoint',
  EndpointPage: 'endpoint',
  ErasureReceipt: 'receipt',
  ErasureStatement: 'receipt',
  EventDelivery: 'event-delivery',
  EventDeliveryPage: 'event-delivery',
  EventsGone: 'feed',
  FeedEvent: 'feed',
  FeedNotice: 'notice',
  FeedPage: 'feed',
  FieldError: 'problem',
  KeySet: 'key-set',
  LaneAccount: 'lane',
  LaneOverview: 'lane',
  NewApiKey: 'api-key',
  NewEndpoint: 'endpoint',
  Outcome: 'verification',
  OutcomeCode: 'outcome-codes',
  OutcomeRow: 'outcomes',
  OutcomesPage: 'outcomes',
  PhotoUpload: 'upload',
  Problem: 'problem',
  ProblemCode: 'problem',
  PromiseExtension: 'verification',
  ReceiverAuth: 'receiver-auth',
  ReceiverAuthChange: 'receiver-auth',
  RedeliveryProgress: 'redelivery-range',
  RedeliveryRange: 'redelivery-range',
  TestDelivery: 'test-delivery',
  RotatedSecret: 'endpoint',
  SecretRotation: 'callback',
  SubjectErased: 'notice',
  SubmissionFields: 'submission',
  UsageReport: 'usage',
  UsageThreshold: 'notice',
  Verification: 'verification',
  VerificationEvent: 'verification',
  VerificationNotice: 'notice',
  VerificationPage: 'verification',
  VerificationStatus: 'verification-status',
  WebhookTestEvent: 'verification',
};

/** @returns the compiler's complaints about each type that is not the one of the contract */
async function compareWithContract(file: string): Promise<string> {
  const written = await readFile(file, 'utf8');
  const names = [...written.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name = '']) => name);
  expect(names.toSorted()).toEqual(Object.keys(INFERRED_IN).toSorted());
  const lines = names.map(
    (name) => `import type { ${name} as Written${name} } from '${file}';
import type { ${name} } from '${join(root, 'shared/contract')}/${INFERRED_IN[name]}.ts';
export const same${name}: Same<${name}, Written${name}> = true;`,
  );
  // Whether each may stand for the other would not do: an optional field may be missing in one of them.
  const same = `type Same<A, B> =
  (<T>() => T extends Flat<A> ? 1 : 2) extends <T>() => T extends Flat<B> ? 1 : 2 ? true : 'another type';
type Flat<T> = T extends readonly (infer E)[] ? Flat<E>[] : T extends object ? { [K in keyof T]: Flat<T[K]> } : T;`;
  const folder = join(application.folder, 'same');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'same.mts'), [...lines, same].join('\n'));
  const compilerOptions = { rewriteRelativeImportExtensions: false, types: [] };
  const tsconfig = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['same.mts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  return (await application.run('npx tsc -p same --pretty false || true')).replace(
    /.*same\.mts/gm,
    'same.mts',
  );
}

describe('a runtime that has nothing but fetch, WebCrypto and the web around them', () => {
  const web = {
    ...{ fetch, Headers, URL, AbortController, TextEncoder, TextDecoder, crypto, atob, performance },
    ...{ setTimeout, clearTimeout },
  };

  /** The file as a bundle takes it in: without `process`, `Buffer`, `require` and `import()`. */
  async function loadClient(): Promise<typeof import('../../client/veriqueue.ts')> {
    const module = { exports: {} };
    const file = join(installed, 'dist/veriqueue.cjs');
    new Script(await readFile(file, 'utf8'), { filename: file }).runInContext(
      createContext({ ...web, module, exports: module.exports }),
    );
    return module.exports as typeof import('../../client/veriqueue.ts');
  }

  it('submits bytes, and polls for the verdict', async () => {
    const { Veriqueue } = await loadClient();
    const veriqueue = new Veriqueue({ url: chain.url, apiKey: chain.client.apiKey });
    const photo = { base64: (await readFile(join(root, 'samples/robot-240x320.jpg'))).toString('base64') };
    const { verification } = await veriqueue.submit({ ...makePerson(), photo });
    expect((await veriqueue.waitFor(verification.id)).outcome?.verdict).toBe('match');
  });

  it('verifies webhooks, and refuses forged ones', async () => {
    const { verifyWebhook } = await loadClient();
    const [secret, other] = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
    const event = {
      type: 'webhook.test',
      timestamp: '2030-01-01T00:00:00.000Z',
      data: { clientId: 'cli_1' },
    };
    const body = Buffer.from(JSON.stringify(event));
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const headers = {
      ...computeWebhookHeaders({ id: 'evt_1', timestampSeconds, body, secrets: [secret ?? ''] }),
    };
    expect(await verifyWebhook(body.toString(), headers, secret ?? '')).toEqual(event);
    await expect(verifyWebhook(body.toString(), headers, other ?? '')).rejects.toThrow(/webhook-signature/);
  });

  it('says that a path needs files', async () => {
    const { Veriqueue } = await loadClient();
    const veriqueue = new Veriqueue({ url: chain.url, apiKey: chain.client.apiKey });
    await expect(veriqueue.submit({ ...makePerson(), photo: 'photo.jpg' })).rejects.toMatchObject({
      name: 'PhotoError',
      code: 'no_file_system',
    });
  });
});

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
