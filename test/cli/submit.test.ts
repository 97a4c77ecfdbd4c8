import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { type CliEnvironment, runCli, runJson, spawnCli } from './run-cli.ts';

const photo = 'samples/robot-240x320.jpg';
let chain: Chain;
let folder: string;
beforeAll(async () => {
  [chain, folder] = await Promise.all([startChain(), mkdtemp(join(tmpdir(), 'veriqueue-cli-'))]);
  await writeFile(join(folder, 'key'), `${chain.client.apiKey}\n`);
});
afterAll(async () => {
  await chain.stop();
  await rm(folder, { recursive: true });
});

const environment = (): CliEnvironment => ({
  VERIQUEUE_URL: chain.url,
  VERIQUEUE_API_KEY: chain.client.apiKey,
});

async function writePerson(more: object = {}, person = makePerson()): Promise<string> {
  const path = join(folder, `${person.idCard}.json`);
  await writeFile(path, JSON.stringify({ ...person, ...more }));
  return path;
}

async function pipeCli(args: readonly string[], input: string) {
  const child = spawnCli(args, environment());
  child.stdin.end(input);
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

describe('veriqueue submit', { timeout: 60_000 }, () => {
  it('submits a person from a file and waits for the verdict, which is the exit code', async () => {
    const from = await writePerson({ reference: 'in the file' });
    const args = ['submit', photo, '--from', from, '--reference', 'given', '--wait'];
    const matched = await runJson<Verification>(args, environment());
    expect(matched).toMatchObject({ status: 'completed', reference: 'given', outcome: { verdict: 'match' } });

    const unlike = makePerson();
    chain.sandbox.script(unlike.idCard, [{ code: 'FailedOperation.CompareLowSimilarity', sim: 26.04 }]);
    const other = ['submit', photo, '--from', await writePerson({}, unlike), '--wait', '--json'];
    const { code, stdout, stderr } = await runCli(other, environment());
    expect([code, stderr]).toEqual([10, '']);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: { verdict: 'no_match', sim: 26.04 } });
  });

  it('reads the person from standard input, and shows no person when that is none', async () => {
    const person = makePerson();
    const { code, stdout } = await pipeCli(['submit', photo, '--json'], JSON.stringify(person));
    expect(code).toBe(0);
    const { id } = JSON.parse(stdout) as Verification;
    expect((await chain.receiver.eventOf(id)).data.outcome?.verdict).toBe('match');

    const wrong = JSON.stringify({ idCard: person.idCard, nmae: person.name });
    const refused = await pipeCli(['submit', photo], wrong);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^error: The person must be .*\/name must be present.*\n$/);
    for (const secret of Object.values(person)) expect(refused.stderr).not.toContain(secret);
  });

  it('announces on standard error that it waits for a pipe, and goes on when something is written', async () => {
    const pipe = join(folder, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const child = spawnCli(['submit', photo, '--from', pipe, '--json'], environment());
    const ended = once(child, 'exit');
    const submitted = text(child.stdout);
    const [announced] = await once(child.stderr, 'data');
    expect(String(announced)).toBe(`Waiting until another program writes to the pipe ${pipe}\n`);
    await writeFile(pipe, JSON.stringify(makePerson()));
    expect((await ended)[0]).toBe(0);
    expect(JSON.parse(await submitted)).toMatchObject({ status: 'queued' });
  });

  it('says which field the server refuses, and why', async () => {
    const from = await writePerson({ idCard: '990001199001010010' });
    const refused = await runCli(['submit', photo, '--from', from], environment());
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^error: The submission has invalid fields: \/idCard must end in the check digit/,
    );
    expect(refused.stderr).not.toContain('990001199001010010');
  });
});

describe('veriqueue get', { timeout: 60_000 }, () => {
  it('shows a verification, with the key from a file, as lines or as JSON', async () => {
    const { id } = await chain.submit();
    await chain.receiver.eventOf(id);
    const args = ['get', id, '--url', chain.url, '--key-file', join(folder, 'key')];
    const [lines, json] = await Promise.all([runCli(args, {}), runJson<Verification>(args, {})]);
    expect(lines.stdout).toMatch(new RegExp(`verification +${id}\nstatus +completed\n`));
    expect(json.outcome?.verdict).toBe('match');
  });

  it('fails for what is not there, and without an address', async () => {
    const unknown = 'ver_01jd000000000000000000000a';
    const [missing, nowhere] = await Promise.all([
      runCli(['get', unknown], environment()),
      runCli(['get', unknown], {}),
    ]);
    expect([missing.code, nowhere.code]).toEqual([1, 2]);
    expect(missing.stderr).toMatch(/^error: No verification ver_\w+ for this client\n$/);
    expect(nowhere.stderr).toMatch(/Set VERIQUEUE_URL and VERIQUEUE_API_KEY, or run npm start/);
  });
});
