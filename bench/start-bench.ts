import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type BenchRedis, startBenchRedis } from './bench-redis.ts';
import { makeJpeg, makePerson } from './made-up-person.ts';
import { presentMark } from './mark.ts';
import { computeMedian } from './median.ts';
import { readFamilyCpuMicros, requireProc } from './peers/read-process.ts';

export interface StartBenchOptions {
  readonly rounds: number;
  readonly say: (line: string) => void;
}

interface Start {
  readonly seconds: number;
  /** Of all processes together, until then. */
  readonly cpuSeconds: number;
}

const MARK = { atMost: 2.5 };
const PHOTO_BYTES = 20_000;

/** How long `npm start` takes to the first submission that is accepted, where Redis runs already. */
export async function runStartBench({ rounds, say }: StartBenchOptions): Promise<void> {
  requireProc();
  const redis = await startBenchRedis(say);
  const starts: Start[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const start = await measureStart(redis, round);
      starts.push(start);
      say(`  start ${round + 1}: ${show(start)}`);
    }
  } finally {
    await redis.stop();
  }
  const median = {
    seconds: computeMedian(starts.map(({ seconds }) => seconds)),
    cpuSeconds: computeMedian(starts.map(({ cpuSeconds }) => cpuSeconds)),
  };
  say(`npm start to the first 202, medians: ${show(median)}`);
  say(presentMark('npm start to the first 202', median.seconds, MARK, 2, ' s'));
}

async function measureStart(redis: BenchRedis, round: number): Promise<Start> {
  const dataDir = await mkdtemp(join(tmpdir(), 'veriqueue-start-'));
  const began = performance.now();
  const child = spawn('npm', ['start', '--silent'], {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    env: {
      PATH: process.env['PATH'],
      HOME: dataDir,
      REDIS_URL: redis.url,
      LANE: `start-${round}`,
      VERIQUEUE_DATA_DIR: dataDir,
      VERIQUEUE_PRINT_KEYS: 'yes',
      PORT: '0',
      SANDBOX_PORT: '0',
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const { url, apiKey } = await readIntroduction(child);
    await submit(url, apiKey);
    const seconds = (performance.now() - began) / 1000;
    return { seconds, cpuSeconds: readFamilyCpuMicros(child.pid ?? 0) / 1_000_000 };
  } finally {
    child.kill('SIGTERM');
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Its output is read to the end: a process that finds nothing to write to would die of that. */
function readIntroduction(child: ChildProcess): Promise<{ readonly url: string; readonly apiKey: string }> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      const url = /listening at (\S+)/.exec(text)?.[1];
      const apiKey = /API key: +(\S+)\n/.exec(text)?.[1];
      if (url !== undefined && apiKey !== undefined) resolve({ url, apiKey });
    });
    child.once('exit', () => reject(new Error(`npm start ended without its address and API key:\n${text}`)));
  });
}

async function submit(url: string, apiKey: string): Promise<void> {
  const { idCard, name } = makePerson(0);
  const form = new FormData();
  form.set('idCard', idCard);
  form.set('name', name);
  form.set('image', new Blob([new Uint8Array(makeJpeg(PHOTO_BYTES))]), 'photo.jpg');
  const headers = { authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${url}/v1/verifications`, { method: 'POST', headers, body: form });
  if (answer.status !== 202) throw new Error(`The answer must be 202, received ${answer.status}`);
}

const show = ({ seconds, cpuSeconds }: Start): string =>
  `${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of processor time`;
