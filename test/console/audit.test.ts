import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkAudit } from '../../cli/doctor/lane-checks.ts';
import { verifyClientReceipt, verifyReceipt } from '../../client/verify-receipt.ts';
import type { AuditPlace } from '../../shared/audit/audit-head.ts';
import type { AuditPage } from '../../shared/audit/audit-page.ts';
import { findHeads } from '../../shared/audit/find-heads.ts';
import { judgeExport } from '../../shared/audit/judge-export.ts';
import type { ClientErasureReceipt } from '../../shared/contract/client-receipt.ts';
import type { ConsoleActivity } from '../../shared/contract/console-activity.ts';
import type { KeySet } from '../../shared/contract/key-set.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { ErasureReceipt } from '../../shared/contract/receipt.ts';
import { readClientReceipt } from '../../shared/receipts/client-receipt.ts';
import { readReceipt } from '../../shared/receipts/erasure-receipt.ts';
import { presentKeySet } from '../../shared/signing/jwks.ts';
import { parseSigningKeys } from '../../shared/signing/signing-keys.ts';
import { createAudit } from '../../shared/store/audit/audit.ts';
import { readAuditState } from '../../shared/store/audit/audit-state.ts';
import { MAX_WAITING_FOR_KEY, noteAudit, readAudit } from '../../shared/store/audit/audit-trail.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { createKeepAudit } from '../../worker/maintenance/keep-audit.ts';
import { runCli } from '../cli/run-cli.ts';
import { makeSubmission } from '../producer/submission-builder.ts';
import { makeSigningKey } from '../shared/audit/trail-edits.ts';
import { recordLog } from '../support/recorded-log.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ConsoleUnderTest, OPERATOR_KEY, startConsoleUnderTest } from './console-under-test.ts';

const signing = makeSigningKey();
let redis: TestRedis;
let desk: ConsoleUnderTest;
let folder: string;

beforeAll(async () => {
  redis = await startTestRedis();
  desk = await startConsoleUnderTest(redis.url, { environment: { SIGNING_KEYS: signing.text } });
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-audit-'));
  const parsing = parseSigningKeys(signing.text);
  if (!parsing.ok) throw new Error('The keys of this test must be keys');
  await writeFile(join(folder, 'keys.json'), JSON.stringify(presentKeySet(parsing.signingKeys)));
});
afterAll(async () => {
  await desk?.close();
  await redis?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);
const onRedis = () => ({ REDIS_URL: redis.url, LANE: desk.settings.LANE, SIGNING_KEYS: signing.text });
const overApi = () => ({ VERIQUEUE_OPERATOR_URL: desk.operationsUrl, VERIQUEUE_OPERATOR_KEY: OPERATOR_KEY });
const readTrail = async () => (await desk.read<AuditPage>('/console/api/audit?limit=1000')).data;
/** What a verification finds, with the public keys and these heads. */
async function judge(heads: readonly AuditPlace[] = []) {
  const { lane, start, head, data } = await desk.read<AuditPage>('/console/api/audit?limit=1000');
  const options = { keys: signing.keys, heads, unsignedThrough: 0 };
  return judgeExport({ lane, start, head, lines: data }, options).findings;
}
const entries = async () => (await readTrail()).flatMap((line) => (line === null ? [] : [line.entry]));

describe('the audit trail', () => {
  test('has who did what to what, of operators, clients and the command line, and no subject', async () => {
    const [cancelled, erased] = [await desk.submitted(), await desk.submitted()];
    const path = (id: string) => `/v1/verifications/${id}`;
    expect((await desk.call(path(cancelled.id), { method: 'DELETE' })).status).toBe(200);
    // Once more changes nothing, and is no entry.
    expect((await desk.call(path(cancelled.id), { method: 'DELETE' })).status).toBe(200);
    expect((await desk.call(`${path(erased.id)}?erase=true`, { method: 'DELETE' })).status).toBe(204);
    expect((await desk.post('/console/api/lane/pause', { reason: 'Wei Xiaobao asked' })).status).toBe(200);
    expect((await desk.operator(`/console/api/verifications/${cancelled.id}`)).status).toBe(200);
    expect((await desk.operator(`/console/api/verifications/${cancelled.id}`)).status).toBe(200);
    expect((await runCli(['lane', 'resume', '--yes'], onRedis())).code).toBe(0);
    const { clientId } = desk.client;
    expect((await entries()).filter(({ action }) => action !== 'export_audit')).toMatchObject([
      {
        number: 1,
        actorKind: 'client',
        actor: clientId,
        action: 'cancel_verification',
        target: cancelled.id,
      },
      { number: 2, actor: clientId, action: 'erase_verification', target: erased.id, result: 'erased' },
      { number: 3, actorKind: 'operator', actor: 'environment', action: 'pause_lane', target: null },
      { number: 4, actor: 'environment', action: 'read_verification', target: cancelled.id },
      { number: 5, actor: 'command line', action: 'resume_lane', result: 'resumed' },
    ]);
    expect(JSON.stringify(await readTrail())).not.toMatch(/Wei|99000|order-/);
  });

  test('is exported over the API, and verified with the public keys alone', async () => {
    const exported = await runCli(['audit', 'export', file('trail.jsonl')], overApi());
    expect([exported.code, exported.stdout]).toEqual([
      0,
      expect.stringMatching(/^\d+ entr(?:y|ies) written to /),
    ]);
    const head = await runCli(['audit', 'head'], overApi());
    await writeFile(file('heads'), head.stdout);
    const verified = await runCli(
      ['audit', 'verify', file('trail.jsonl'), '--keys', file('keys.json'), '--head', file('heads')],
      {},
    );
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('nothing was changed')]);
  });

  test('shows to a file what was edited in it', async () => {
    const lines = (await readFile(file('trail.jsonl'), 'utf8')).trim().split('\n');
    const edited = lines.map((line, i) => (i === 3 ? line.replace('pause_lane', 'resume_lane') : line));
    await writeFile(file('edited.jsonl'), edited.toSpliced(2, 1).join('\n'));
    const { code, stdout, stderr } = await runCli(
      ['audit', 'verify', file('edited.jsonl'), '--keys', file('keys.json')],
      {},
    );
    expect(code).toBe(1);
    expect(stdout).toContain('missing    entry 2 is missing');
    expect(stdout).toContain('changed    entry 3 is not what was written');
    expect(stderr).toContain('The audit trail is not what was written');
  });
});

test('a whole client has one receipt, after it was deleted too, which is verified offline', async () => {
  const client = await desk.addClient();
  const submit = async () => {
    const as = { authorization: `Bearer ${client.apiKey}` };
    return (await desk.submitted(makeSubmission(), as)).id;
  };
  const [cancelled, erased, waiting] = [await submit(), await submit(), await submit()];
  const remove = (path: string) => desk.call(`/v1/verifications/${path}`, { method: 'DELETE', as: client });
  await remove(cancelled);
  await remove(`${erased}?erase=true`);
  const own = await desk.read<ErasureReceipt>(`/console/api/verifications/${cancelled}/receipt`);
  expect(readReceipt(signing.keys, own.receipt)).toMatchObject({ statement: { reason: 'cancelled' } });
  const path = `/console/api/clients/${client.clientId}/receipt`;
  const refused = await desk.operator(path);
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'subject_kept' }]);
  const deleted = await runCli(['client', 'delete', client.clientId, '--cancel', '--yes'], onRedis());
  expect(deleted).toMatchObject({ code: 0 });
  const made = await runCli(['receipt', 'client', client.clientId], overApi());
  await writeFile(file('client-receipt.json'), made.stdout);
  const receipt = JSON.parse(made.stdout) as ClientErasureReceipt;
  const keySet = JSON.parse(await readFile(file('keys.json'), 'utf8')) as KeySet;
  expect(await verifyClientReceipt(receipt, keySet)).toMatchObject({
    ...{ clientId: client.clientId, clientDeleted: true, verifications: 3 },
    reasons: { answered: 0, cancelled: 1, erased_by_client: 1, erased_by_operator: 1 },
  });
  const stated = await Promise.all(receipt.receipts.map((each) => verifyReceipt(each, keySet)));
  expect(stated.map(({ verification }) => verification)).toEqual([cancelled, erased, waiting].sort());
  const verify = ['receipt', 'verify', file('client-receipt.json'), '--keys', file('keys.json')];
  expect(await runCli(verify, {})).toMatchObject({ code: 0, stdout: expect.stringContaining('deleted') });
  // What a reader sees beside the signature is what was signed.
  const misstated = { ...receipt, statement: { ...receipt.statement, clientDeleted: false } };
  expect(readClientReceipt(signing.keys, JSON.stringify(misstated))).toEqual({ status: 'wrong_statement' });
  // One that is taken out, and one in the place of another.
  const [first = '', second = '', third = ''] = receipt.receipts;
  for (const receipts of [
    [first, second],
    [first, third, second],
    [first, first, third],
  ]) {
    const edited = { ...receipt, receipts };
    expect(readClientReceipt(signing.keys, JSON.stringify(edited))).toEqual({ status: 'wrong_list' });
    await expect(verifyClientReceipt(edited, keySet)).rejects.toThrow(
      /its list is not the one that was signed/,
    );
  }
});

test('the trail is searched by who did it, what it was done to, and when', async () => {
  const search = (query: string) => desk.read<ConsoleActivity>(`/console/api/audit/search?${query}`);
  const { id } = await desk.submitted();
  await desk.call(`/v1/verifications/${id}`, { method: 'DELETE' });
  const { clientId } = desk.client;
  const byTarget = await search(`target=${id}`);
  expect(byTarget.data).toMatchObject([
    { operator: clientId, action: 'cancel_verification', target: id, result: 'cancelled' },
  ]);
  const byActor = await search(`actor=${clientId}&limit=1`);
  expect(byActor.data.map(({ target }) => target)).toEqual([id]);
  expect((await search(`actor=${clientId}&cursor=${byActor.nextCursor}`)).data.length).toBeGreaterThan(0);
  expect((await search(`target=${id}&to=2020-01-01`)).data).toEqual([]);
  expect((await search(`target=${id}&from=2999-01-01`)).data).toEqual([]);
});

test('processes that write at once make one chain, each event once', async () => {
  const before = (await entries()).length;
  const audits = [1, 2, 3, 4].map(() =>
    createAudit({ redis: desk.redis, keys: desk.keys, signingKey: signing.key, log: recordLog().logger }),
  );
  const events = Array.from({ length: 200 }, (_, i) => ({
    ...({ actorKind: 'system', actor: 'worker', targetKind: 'lane' } as const),
    ...{ action: 'test', target: null, result: String(i) },
  }));
  await Promise.all(events.map((event, i) => audits[i % 4]?.note(event)));
  await Promise.all(audits.map((audit) => audit.chain()));
  const added = (await entries()).filter(({ action }) => action === 'test');
  expect(new Set(added.map(({ result }) => result)).size).toBe(200);
  expect(added).toHaveLength(200);
  expect((await entries()).length).toBe(before + 200);
  expect(await judge()).toEqual([]);
});

test('a process without a key leaves a signed chain to those that have one', async () => {
  const { length } = await entries();
  const deps = { redis: desk.redis, keys: desk.keys, log: recordLog().logger };
  const keyless = createAudit({ ...deps, signingKey: null });
  await keyless.note({
    ...({ actorKind: 'system', actor: 'worker', targetKind: 'lane' } as const),
    ...{ action: 'keyless', target: null, result: 'done' },
  });
  await keyless.chain();
  expect(await desk.redis.xlen(desk.keys.auditTrail())).toBe(length);
  expect((await entries()).at(-1)).toMatchObject({ number: length + 1, action: 'keyless' });
});

test('events wait for a key that is gone up to a limit, and the operator is warned before', async () => {
  const log = recordLog();
  const deps = { redis: desk.redis, keys: storeKeys('keyless-for-long'), log: log.logger };
  const event = { actorKind: 'client', actor: 'cli_1', action: 'try', targetKind: 'lane' } as const;
  const events = (count: number) =>
    Array.from({ length: count }, () => ({ ...event, target: null, result: 'tried' }));
  const signed = createAudit({ ...deps, signingKey: signing.key });
  await signed.note(...events(1));
  await signed.chain();
  const keyless = createAudit({ ...deps, signingKey: null });
  for (let noted = 0; noted < MAX_WAITING_FOR_KEY; noted += 2_000) {
    await noteAudit(deps.redis, deps.keys, ...events(2_000));
  }
  const step = createKeepAudit({ ...deps, audit: keyless, auditRetentionMs: 3_600_000, now: Date.now });
  await step.run();
  const waiting = await readAuditState(deps.redis, deps.keys);
  expect([waiting.head.number, waiting.waiting]).toEqual([1, MAX_WAITING_FOR_KEY]);
  const warned = log.lines.filter(({ event: name }) => name === 'audit_waits_for_key');
  expect(warned).toMatchObject([{ waiting: MAX_WAITING_FOR_KEY }]);
  expect([
    checkAudit({ number: 1, waiting: 999 }).status,
    checkAudit({ number: 1, waiting: 1_000 }).status,
  ]).toEqual(['ok', 'problem']);
  await noteAudit(deps.redis, deps.keys, ...events(1));
  await step.run();
  const chained = await readAuditState(deps.redis, deps.keys);
  expect([chained.head.number, chained.waiting]).toEqual([MAX_WAITING_FOR_KEY + 2, 0]);
  expect(log.lines.map(({ event: name }) => name)).toContain('audit_unsigned');
});

test('a worker logs the head, drops what is old, and leaves a checkpoint that verifies', async () => {
  const log = recordLog();
  const deps = { redis: desk.redis, keys: desk.keys, log: log.logger };
  const audit = createAudit({ ...deps, signingKey: signing.key });
  const { length } = await entries();
  const clock = { now: Date.now() };
  const step = createKeepAudit({ ...deps, audit, auditRetentionMs: 3_600_000, now: () => clock.now });
  await step.run();
  await step.run();
  const heads = log.lines.filter(({ event }) => event === 'audit_head');
  expect(heads).toMatchObject([{ number: length, signed: expect.any(String) }]);
  clock.now += 3_600_001;
  await step.run();
  const { start, data } = await desk.read<AuditPage>('/console/api/audit');
  expect(start).toMatchObject({ number: length, checkpoint: expect.any(String) });
  expect(data[0]?.entry).toMatchObject({ number: length + 1, action: 'drop_old_entries' });
  const { heads: kept } = await findHeads(
    Readable.from([JSON.stringify(heads)]),
    desk.settings.LANE,
    signing.keys,
  );
  expect(kept).toMatchObject([{ number: length }]);
  expect(await judge(kept)).toEqual([]);
});

test('of more than one batch that is old, the rest is dropped at once', async () => {
  const deps = { redis: desk.redis, keys: storeKeys('much-audited'), log: recordLog().logger };
  const audit = createAudit({ ...deps, signingKey: null });
  const event = { actorKind: 'client', actor: 'cli_1', action: 'try', targetKind: 'lane' } as const;
  await audit.note(...Array.from({ length: 501 }, () => ({ ...event, target: null, result: 'tried' })));
  const now = () => Date.now() + 3_600_001;
  const step = createKeepAudit({ ...deps, audit, auditRetentionMs: 3_600_000, now });
  expect([await step.run(), await step.run()]).toEqual([true, false]);
});

test('what was done to it in Redis is found and named: one taken out, and the end cut off with its head', async () => {
  for (let i = 0; i < 3; i += 1) await desk.post('/console/api/lane/pause', { reason: 'a test' });
  const last = (await entries()).at(-1)?.number ?? 0;
  const { head } = await desk.read<AuditPage>('/console/api/audit');
  await writeFile(file('head'), head.signed ?? '');
  await desk.redis.xdel(desk.keys.auditTrail(), `0-${last - 1}`);
  expect(await judge()).toMatchObject([{ kind: 'missing', number: last - 1, through: last - 1 }]);
  await desk.redis.xdel(desk.keys.auditTrail(), `0-${last}`);
  const end = (await readAudit(desk.redis, desk.keys, { after: 0, limit: 1_000 })).lines.at(-1);
  const forged = { number: String(end?.entry.number), hash: end?.hash ?? '' };
  await desk.redis.hset(desk.keys.auditHead(), forged);
  expect(await judge()).toEqual([]);
  const { code, stdout } = await runCli(['audit', 'verify', '--head', file('head')], onRedis());
  expect([code, stdout]).toEqual([
    1,
    expect.stringContaining(`truncated  entries ${last - 1} to ${last} are missing at the end`),
  ]);
});

test('bad input is answered with a problem document', async () => {
  for (const query of ['after=-1', 'after=x', 'limit=0', 'limit=1001', 'from=1']) {
    const answer = await desk.operator(`/console/api/audit?${query}`);
    expect([query, answer.status, ((await answer.json()) as Problem).code]).toEqual([
      query,
      422,
      'invalid_query',
    ]);
  }
  const bad = await runCli(['audit', 'verify', file('heads')], {});
  expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('is no export of an audit trail')]);
});
