import { openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type RunningProcess, startProcess } from '../../dev/start/child.ts';
import { problemTable } from '../../shared/contract/problem.ts';
import { readDocument } from '../deployment/documents.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { programEntry } from '../support/compiled-program.ts';
import { makePerson, makeSubmission, type TestPerson } from '../support/person.ts';
import { alertRules, ruleTests } from './alert-rules.ts';
import { type Exposition, familyOf, parseExposition } from './exposition.ts';
import { parseGrouping, parseSelectors } from './promql.ts';
import { hasPromtool, promtool } from './promtool.ts';

/** What the scripted upstream answers to each, and the verdict it comes to. */
const COURSES: readonly Parameters<Chain['sandbox']['script']>[1][] = [
  [{}],
  [{ code: 'FailedOperation.CompareLowSimilarity' }],
  [{ code: 'FailedOperation.CompareSystemError' }, {}],
  [{ code: 'RequestLimitExceeded' }, {}],
  [{ fault: 'half_body' }, {}],
  [{ code: 'InternalError' }, { code: 'InternalError' }, { code: 'InternalError' }],
  [{ code: 'FailedOperation.New' }],
  [{ code: 'Unheard.Of' }],
];

let chain: Chain;
let producer: RunningProcess;
let texts: readonly string[];
let scraped: Exposition;

/** The real processes, under a bit of everything. */
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
  const [started, worker] = await Promise.all([startProducer(chain), chain.addWorkerProcess()]);
  producer = started;
  chain.receiver.answerWith(({ nth, event }) => (nth === 1 && event.data.reference === '0' ? 500 : 204));
  const people = COURSES.map(() => makePerson());
  for (const [index, person] of people.entries()) {
    chain.sandbox.script(person.idCard, COURSES[index] ?? [{}]);
    await submit(person, { reference: String(index), priority: index % 2 === 0 ? 'interactive' : 'bulk' });
  }
  await submit({ ...makePerson(), idCard: '1' }, {});
  await chain.receiver.accept(COURSES.length - 1);
  await redeliverOne();
  texts = await Promise.all([producer.url, worker.url].map(scrape));
  scraped = parseExposition(texts.join('\n'));
});
afterAll(async () => {
  await producer?.stop();
  await chain?.stop();
});

async function startProducer({ environment }: Chain): Promise<RunningProcess> {
  return startProcess({
    name: 'producer',
    folder: 'producer',
    entry: await programEntry('producer/main'),
    environment: { PATH: process.env['PATH'], ...environment },
    output: process.env['TEST_OUTPUT'] === 'show' ? 'inherit' : openSync('/dev/null', 'w'),
    readyWithinMs: 30_000,
    stopWithinMs: 20_000,
  });
}

const submit = (person: TestPerson, options: Parameters<typeof makeSubmission>[1]) =>
  fetch(`${producer.url}/v1/verifications`, {
    method: 'POST',
    body: JSON.stringify(makeSubmission(person, options)),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${chain.client.apiKey}` },
  });

/** One whose delivery is written down by now. */
async function redeliverOne(): Promise<void> {
  const [event] = [...chain.receiver.accepted.values()];
  const path = `/v1/verifications/${event?.data.id}/redeliver`;
  await vi.waitFor(async () => expect((await callProducer(path, { method: 'POST' })).status).toBe(202), {
    timeout: 60_000,
    interval: 50,
  });
}

const callProducer = (path: string, init: RequestInit) =>
  fetch(`${producer.url}${path}`, { ...init, headers: { authorization: `Bearer ${chain.client.apiKey}` } });

async function scrape(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return answer.text();
}

describe('a scrape under a mixed load', () => {
  it.skipIf(!hasPromtool)('is accepted by promtool without a warning, of both processes', async () => {
    for (const text of texts)
      expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, output: '' });
  });

  it('reports everything under its lane', () => {
    for (const [name, { labels, samples }] of scraped)
      if (samples > 0) expect([name, ...(labels.get('lane') ?? [])]).toEqual([name, chain.keys.lane]);
  });

  it('is where it counts what happened', () => {
    const values = (metric: string, label: string) =>
      [...(scraped.get(metric)?.labels.get(label) ?? [])].sort();
    expect(values('veriqueue_build_info', 'part')).toEqual(['producer', 'worker']);
    expect(values('veriqueue_verifications_settled_total', 'verdict')).toEqual([
      ...['error', 'match', 'no_match', 'unverifiable'],
    ]);
    expect(values('veriqueue_attempts_total', 'kind')).toEqual([
      'fault',
      'final',
      'pace',
      'transient',
      'unknown',
    ]);
    expect(values('veriqueue_submissions_total', 'result')).toEqual(['accepted', 'invalid_submission']);
  });

  it('has a row of ours for what the upstream invented', () => {
    const codes = scraped.get('veriqueue_attempts_total')?.labels.get('code');
    expect([...(codes ?? [])]).toEqual(expect.arrayContaining(['FailedOperation.*', '*', 'Success']));
    expect(texts.join()).not.toContain('Unheard');
  });

  it('identifies no person: no verification, no address of a receiver, no key', () => {
    for (const secret of [/\bver_/, chain.receiver.url, chain.client.apiKey])
      expect(texts.join()).not.toMatch(secret);
  });

  it('names clients by their ids, and in the shares alone', () => {
    const naming = texts.flatMap((text) => text.split('\n').filter((line) => /\bcli_/.test(line)));
    expect(naming.filter((line) => !line.startsWith('veriqueue_client_'))).toEqual([]);
  });
});

const dashboard = z
  .object({
    uid: z.literal('veriqueue'),
    templating: z.object({
      list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown() })),
    }),
    panels: z.array(
      z.object({
        id: z.number(),
        type: z.string(),
        title: z.string(),
        gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
        datasource: z.object({ uid: z.string() }).optional(),
        targets: z.array(z.object({ expr: z.string() })).default([]),
      }),
    ),
  })
  .parse(JSON.parse(readDocument('deploy/grafana/veriqueue.json')));

const queries = [
  ...alertRules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr }))),
  // What the rule tests make up must exist too, or they would test nothing.
  ...ruleTests.flatMap(({ name, input_series }) =>
    input_series.map(({ series }) => ({ where: name, expr: series })),
  ),
];

/** Of Prometheus, and of the way it names what it scrapes. */
const PROMETHEUS_METRICS = ['up', 'ALERTS'];
const TARGET_LABELS = ['job', 'instance', 'lane', 'le'];

describe('what alerts, their tests and the dashboard ask for', () => {
  it('is reported by the processes, under these labels', () => {
    const missing = queries.flatMap(({ where, expr }) =>
      parseSelectors(expr)
        .filter(({ metric }) => !PROMETHEUS_METRICS.includes(metric))
        .flatMap(({ metric, matchers }) => {
          const known = scraped.get(metric) ?? scraped.get(familyOf(metric));
          if (known === undefined) return [`${where}: ${metric}`];
          return matchers
            .filter(({ label }) => !TARGET_LABELS.includes(label) && !known.labels.has(label))
            .map(({ label }) => `${where}: ${metric}{${label}}`);
        }),
    );
    expect(queries.length).toBeGreaterThan(100);
    expect(missing).toEqual([]);
  });

  it('is asked for with values that exist', () => {
    const possible = new Set([
      ...[...scraped.values()].flatMap(({ labels }) => [...labels.values()].flatMap((values) => [...values])),
      ...Object.keys(problemTable),
      ...Object.values(problemTable).map(({ status }) => String(status)),
    ]);
    const invented = queries.flatMap(({ where, expr }) =>
      parseSelectors(expr).flatMap(({ matchers }) =>
        matchers
          .filter(
            ({ label, operator }) =>
              !['job', 'instance', 'lane', 'account', 'le', 'version', 'code'].includes(label) &&
              operator !== '=~',
          )
          .filter(({ value }) => !possible.has(value))
          .map(({ label, value }) => `${where}: ${label}="${value}"`),
      ),
    );
    expect(invented).toEqual([]);
  });

  it('is grouped by labels that something carries', () => {
    const borne = new Set([
      ...TARGET_LABELS,
      ...[...scraped.values()].flatMap(({ labels }) => [...labels.keys()]),
    ]);
    expect(queries.flatMap(({ expr }) => parseGrouping(expr)).filter((label) => !borne.has(label))).toEqual(
      [],
    );
  });

  it('leaves no metric of ours out of the dashboard', () => {
    const asked = new Set(
      dashboard.panels.flatMap(({ targets }) =>
        targets.flatMap(({ expr }) => parseSelectors(expr).map(({ metric }) => familyOf(metric))),
      ),
    );
    const ours = [...scraped.keys()].filter((name) => name.startsWith('veriqueue_'));
    expect(ours.length).toBeGreaterThan(30);
    expect(ours.filter((name) => !asked.has(name))).toEqual(['veriqueue_last_sweep_timestamp_seconds']);
  });
});

describe('the dashboard', () => {
  it('asks the data source and the lanes that are chosen', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['lane', 'query'],
    ]);
    for (const { type, datasource, targets } of dashboard.panels.filter((panel) => panel.type !== 'row')) {
      expect([type, datasource?.uid]).toEqual([type, `\${datasource}`]);
      for (const { expr } of targets) expect(expr).toContain('lane=~"$lane"');
    }
  });

  it('has panels with a number of their own, none over another', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect([title, taken.has(`${x} ${y}`)]).toEqual([title, false]);
          taken.add(`${x} ${y}`);
        }
    }
  });

  it.skipIf(!hasPromtool)('has queries that Prometheus can read', async () => {
    const exprs = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const rules = exprs.map((expr, index) => ({
      record: `dashboard:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$lane', '.*'),
    }));
    const file = join(await mkdtemp(join(tmpdir(), 'veriqueue-dashboard-')), 'rules.json');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const checked = await promtool(['check', 'rules', file]);
    await rm(dirname(file), { recursive: true });
    expect(checked.output).toContain(`SUCCESS: ${exprs.length} rules found`);
  });
});
