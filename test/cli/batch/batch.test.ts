import { symlink, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeClient } from '../../../shared/store/clients/change-client.ts';
import { type Chain, startChain } from '../../support/chain.ts';
import { type CliEnvironment, runCli, startCli } from '../run-cli.ts';
import { type BatchFiles, makeBatchFiles, makeRows, type RowFields } from './batch-files.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';

let chain: Chain;
let proxy: CuttingProxy;
let files: BatchFiles;
beforeAll(async () => {
  chain = await startChain({ environment: { MAX_BACKLOG: '15' } });
  proxy = await startCuttingProxy(chain.url);
});
beforeEach(async () => {
  files = await makeBatchFiles();
});
afterEach(() => files.remove());
afterAll(async () => {
  await proxy.close();
  await chain.stop();
});

const environment = (): CliEnvironment => ({
  VERIQUEUE_URL: proxy.url,
  VERIQUEUE_API_KEY: chain.client.apiKey,
});
const args = (...more: string[]) => ['batch', files.csv, '--photos', files.photos, '--json', ...more];
const batch = (...more: string[]) => runCli(args(...more), environment());
const summaryOf = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout) as Record<string, unknown>;

describe('veriqueue batch', { timeout: 120_000 }, () => {
  it('lists bad rows without the people in them, and takes them once they are corrected', async () => {
    const rows = makeRows(9);
    await writeFile(files.path('outside.jpg'), 'secret');
    await symlink(files.path('outside.jpg'), `${files.photos}/link.jpg`);
    const change = (i: number, changed: RowFields) => ({ ...rows[i], ...changed });
    await files.write([
      ...rows.slice(0, 1),
      change(1, { idCard: '990001199001010010' }),
      change(2, { photo: 'none.jpg' }),
      change(3, { photo: '../outside.jpg' }),
      change(4, { photo: 'link.jpg' }),
      change(5, { reference: 'order-0' }),
      change(6, { reference: String(rows[6]?.['idCard']) }),
      change(7, { callbackUrl: 'ftp://x' }),
      change(8, { priority: 'now' }),
    ]);
    const expected = [
      ['3', 'order-1', 'idCard', 'id_card_check_digit'],
      ['4', 'order-2', 'photo', 'photo_missing'],
      ['5', 'order-3', 'photo', 'photo_outside'],
      ['6', 'order-4', 'photo', 'photo_outside'],
      ['7', 'order-0', 'reference', 'duplicate_reference'],
      ['8', '', 'reference', 'contains_subject'],
      ['9', 'order-7', 'callbackUrl', 'callback_insecure_scheme'],
      ['10', 'order-8', 'priority', 'invalid_value'],
    ];
    const listed = async () =>
      (await files.read('people.bad.csv'))
        .map(({ line, reference, field, code }) => [line, reference, field, code])
        .sort((a, b) => Number(a[0]) - Number(b[0]));

    // Judging alone needs no server.
    const checked = await runCli(args('--check'), {});
    expect([checked.code, summaryOf(checked)]).toEqual([3, expect.objectContaining({ rows: 9, bad: 8 })]);
    expect(await listed()).toEqual(expected);

    const submitted = await batch();
    expect(submitted.code).toBe(3);
    expect(summaryOf(submitted)).toMatchObject({ rows: 9, accepted: 1, bad: 8, isFinished: true });
    expect(await listed()).toEqual(expected);
    const shown = `${await files.text('people.bad.csv')}${submitted.stdout}${submitted.stderr}`;
    for (const { idCard = '', name = '' } of rows) {
      expect(shown).not.toContain(idCard);
      expect(shown).not.toContain(name);
    }

    await files.write(rows);
    const corrected = await batch();
    expect([corrected.code, summaryOf(corrected)]).toEqual([
      0,
      expect.objectContaining({ accepted: 9, acceptedNow: 8, badRows: null }),
    ]);
    await expect(files.text('people.bad.csv')).rejects.toThrow(/ENOENT/);
  });

  it('lists every fault of a row at once, whichever of them keeps it from being sent', async () => {
    const [first = {}, second = {}, third = {}, fourth = {}] = makeRows(4);
    const idCard = '990001199001010010';
    await files.write([
      first,
      { ...second, idCard, priority: 'now', callbackUrl: 'ftp://x', photo: 'none.jpg', reference: 'order-0' },
      { ...third, idCard, photo: 'none.jpg' },
      { ...fourth, idCard, reference: 'order-0' },
    ]);
    const listed = async () =>
      (await files.read('people.bad.csv'))
        .map(({ line, field, code }) => `${line} ${field} ${code}`)
        .sort((a, b) => a.localeCompare(b));
    const expected = [
      '3 callbackUrl callback_insecure_scheme',
      '3 idCard id_card_check_digit',
      '3 photo photo_missing',
      '3 priority invalid_value',
      '3 reference duplicate_reference',
      '4 idCard id_card_check_digit',
      '4 photo photo_missing',
      '5 idCard id_card_check_digit',
      '5 reference duplicate_reference',
    ];
    expect((await runCli(args('--check'), {})).code).toBe(3);
    expect(await listed()).toEqual(expected);
    expect(summaryOf(await batch())).toMatchObject({ accepted: 1, bad: 3 });
    expect(await listed()).toEqual(expected);
  });

  it('waits for verdicts, over a full backlog and Ctrl-C, with one result for each row', async () => {
    const rows = makeRows(40).map((row, i) => ({ ...row, reference: `=order+${i}` }));
    await files.write(rows);
    const run = startCli(['batch', files.csv, '--photos', files.photos, '--wait'], environment());
    const reached = new Promise<void>((resolve) => proxy.cutAfter(20, resolve));
    await reached;
    expect(await run.interrupt()).toBe(4);
    const stopped = await run.nextLine<{ accepted: number; isFinished: boolean }>();
    expect(stopped.isFinished).toBe(false);
    expect(stopped.accepted).toBeLessThan(40);

    const finished = await batch('--wait');
    expect([finished.code, summaryOf(finished)]).toEqual([
      0,
      expect.objectContaining({ accepted: 40, answered: 40, isFinished: true }),
    ]);
    expect(summaryOf(finished)['verdicts']).toMatchObject({ match: 40 });
    const results = await files.read('people.results.csv');
    expect(new Set(results.map(({ line }) => line)).size).toBe(40);
    expect(results).toHaveLength(40);
    for (const result of results) {
      expect(result).toMatchObject({
        // What a spreadsheet would run is a text.
        reference: `'=order+${Number(result['line']) - 2}`,
        status: 'completed',
        verdict: 'match',
        code: 'Success',
      });
      expect(Number(result['sim'])).toBeGreaterThan(0);
      expect(Date.parse(String(result['completedAt']))).toBeGreaterThan(0);
    }
  });

  it('submits the next rows when the outcomes of the last have made room below the cap of its client', async () => {
    const client = await chain.addClient();
    await changeClient(chain.redis, chain.keys, client.clientId, { maxWaiting: 3 });
    await files.write(makeRows(10));
    const run = await runCli(args('--wait'), { ...environment(), VERIQUEUE_API_KEY: client.apiKey });
    expect([run.code, summaryOf(run)]).toEqual([
      0,
      expect.objectContaining({ accepted: 10, answered: 10, isFinished: true }),
    ]);
  });

  it('ends when the budget of its client is used up, and goes on when it has room', async () => {
    const client = await chain.addClient();
    const setBudget = (budgetDay: number) =>
      changeClient(chain.redis, chain.keys, client.clientId, { budgetDay });
    await setBudget(2);
    await files.write(makeRows(5));
    const run = () => runCli(args('--wait'), { ...environment(), VERIQUEUE_API_KEY: client.apiKey });
    const refused = await run();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/402 budget_exhausted/);
    await setBudget(5);
    const finished = await run();
    expect([finished.code, summaryOf(finished)]).toEqual([
      0,
      expect.objectContaining({ accepted: 5, answered: 5, isFinished: true }),
    ]);
  });

  it('says what is wrong with the call, and touches nothing', async () => {
    await files.write(makeRows(1));
    await writeFile(files.path('people.results.csv'), 'of another program');
    const [taken, keyless, nowhere, itself] = await Promise.all([
      batch(),
      runCli(args('--out', files.path('other.csv')), { VERIQUEUE_URL: proxy.url }),
      runCli(['batch', files.csv, '--photos', files.csv], environment()),
      batch('--out', files.csv),
    ]);
    expect([taken.code, keyless.code, nowhere.code, itself.code]).toEqual([1, 2, 2, 2]);
    expect(taken.stderr).toMatch(/exists already and has no journal of a batch/);
    expect(keyless.stderr).toMatch(/Set VERIQUEUE_API_KEY or --key-file too/);
    expect(await files.text('people.results.csv')).toBe('of another program');
  });
});
