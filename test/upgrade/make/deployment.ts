import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { TestRedis } from '../../support/redis.ts';
import type { DataSetHeading, RecordedVerification } from '../data-set.ts';
import type { Environment, Installation, RunningProcess } from './installation.ts';
import type { Receiver } from './receiver.ts';
import { makeTinyPhoto } from './tiny-photo.ts';

type Client = DataSetHeading['clients'][string];

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly delivery: { readonly status: string };
}

export interface Submission {
  /** What it stands for in the data set. */
  readonly name: string;
  readonly client: string;
  readonly idCard: string;
  readonly idempotencyKey?: string;
  readonly priority?: 'bulk';
  readonly callbackUrl?: string;
}

const WAIT_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** Waits until something holds. @throws Error that says what did not come */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Cannot go on: ${what} must come within ${WAIT_MS} ms`);
    await sleep(LOOK_EVERY_MS);
  }
}

export const imageBase64 = makeTinyPhoto().toString('base64');

export interface DeploymentParts {
  readonly installation: Installation;
  readonly redis: TestRedis;
  readonly sandbox: RunningProcess;
  readonly producer: RunningProcess;
  readonly receiver: Receiver;
  /** Of every process. */
  readonly environment: Environment;
}

/** One running deployment of an installation, worked on through HTTP and the command line alone. */
export class Deployment {
  readonly clients: Record<string, Client> = {};
  readonly #submitted: Omit<RecordedVerification, 'status' | 'delivery'>[] = [];
  readonly #parts: DeploymentParts;
  readonly #redis: Redis;

  constructor(parts: DeploymentParts) {
    this.#parts = parts;
    this.#redis = new Redis(parts.redis.url);
  }

  get redis(): Redis {
    return this.#redis;
  }

  async addClient(name: string, callback: string | null): Promise<void> {
    const { receiver } = this.#parts;
    const url = callback === null ? [] : ['--callback-url', `http://${receiver.address}${callback}`];
    this.clients[name] = await this.cli<Client>('client', 'create', '--name', name, ...url);
  }

  cli<T>(...args: readonly string[]): Promise<T> {
    return this.#parts.installation.run<T>(args, this.#parts.environment);
  }

  startWorker(environment: Environment = {}): Promise<RunningProcess> {
    return this.#parts.installation.start('worker', { ...this.#parts.environment, ...environment });
  }

  /** Sets what the next calls about a person are answered. */
  async script(idCard: string, results: readonly unknown[]): Promise<void> {
    await this.request(`${this.#parts.sandbox.url}/sandbox/script`, {
      method: 'POST',
      body: JSON.stringify({ idCard, results }),
    });
  }

  async callsSoFar(): Promise<number> {
    const answer = await this.request(`${this.#parts.sandbox.url}/sandbox/stats`);
    return ((await answer.json()) as { requests: number }).requests;
  }

  async submit(submission: Submission): Promise<string> {
    const { name, client, idCard, idempotencyKey = null, priority, callbackUrl } = submission;
    const body = {
      idCard,
      name: '测试甲',
      reference: name,
      ...(priority ? { priority } : {}),
      ...(callbackUrl ? { callbackUrl } : {}),
    };
    const answer = await this.api(client, 'POST', '/v1/verifications', {
      body: { ...body, imageBase64 },
      headers: idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey },
    });
    const { id } = (await answer.json()) as Shown;
    this.#submitted.push({ name, client, id, body, idempotencyKey });
    return id;
  }

  async api(
    client: string,
    method: string,
    path: string,
    {
      body,
      headers = {},
      apiKey = this.clients[client]?.apiKey ?? '',
    }: { body?: unknown; headers?: Record<string, string>; apiKey?: string } = {},
  ): Promise<Response> {
    return this.request(`${this.#parts.producer.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** @throws Error unless the answer is one of success */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(url, init);
    if (answer.ok) return answer;
    throw new Error(
      `Cannot ${init.method ?? 'GET'} ${url}: received ${answer.status}: ${await answer.text()}`,
    );
  }

  async #show(client: string, id: string): Promise<Shown | null> {
    const url = `${this.#parts.producer.url}/v1/verifications/${id}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${this.clients[client]?.apiKey}` } });
    return answer.status === 404 ? null : ((await answer.json()) as Shown);
  }

  /** Waits until a verification is in a state, by the name it was submitted under. */
  async reach(name: string, wanted: { readonly status?: string; readonly delivery?: string }): Promise<void> {
    const found = this.#submitted.find((each) => each.name === name);
    if (!found) throw new Error(`Cannot wait for ${name}: it was not submitted`);
    await until(`${name} as ${JSON.stringify(wanted)}`, async () => {
      const shown = await this.#show(found.client, found.id);
      return (
        (wanted.status === undefined || shown?.status === wanted.status) &&
        (wanted.delivery === undefined || shown?.delivery.status === wanted.delivery)
      );
    });
  }

  /** What has become of everything that was submitted. */
  async record(): Promise<RecordedVerification[]> {
    return Promise.all(
      this.#submitted.map(async (each) => {
        const shown = await this.#show(each.client, each.id);
        return { ...each, status: shown?.status ?? null, delivery: shown?.delivery.status ?? null };
      }),
    );
  }

  async lane(): Promise<{ readonly status: string }> {
    const [name = ''] = Object.keys(this.clients);
    return (await (await this.api(name, 'GET', '/v1/lane')).json()) as { status: string };
  }

  /** The limiter's hash as it stands. */
  async limiter(): Promise<[string, string][]> {
    const [key = ''] = await this.#redis.keys('*:quota');
    return Object.entries(await this.#redis.hgetall(key));
  }
}
