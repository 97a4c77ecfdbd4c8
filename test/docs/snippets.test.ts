import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../deployment/built-program.ts';
import { hasRedis } from '../support/has-redis.ts';
import { findOutsideTool } from '../support/outside-tool.ts';
import { type Checkout, makeCheckout } from './checkout.ts';
import { elsewhere } from './elsewhere.ts';
import { type Examples, makeExamples, schemas } from './examples.ts';
import { whereIs } from './fenced-blocks.ts';
import { fragments } from './fragments.ts';
import { checkModules, writeModule } from './modules.ts';
import { pages, readBlocks } from './pages.ts';
import { type FragmentRow, planPage, type Step } from './plan.ts';
import { followPage } from './reader.ts';
import { findFreePort, type ReaderStack, startReaderStack } from './reader-stack.ts';

const curl = findOutsideTool('curl', ['--version'], 'apt-get install curl');

const plans: ReadonlyMap<string, readonly Step[]> = new Map(
  pages.map((page) => [page, planPage(readBlocks(page), { elsewhere, fragments })]),
);
const steps = [...plans.values()].flat();

describe('every block of every page', () => {
  it('is carried out, or stands in the table with what carries it out', () => {
    const left = steps.filter(({ kind }) => kind === 'unaccounted');
    expect(left.map(({ block }) => `${whereIs(block)} ${block.text.slice(0, 60)}`)).toEqual([]);
  });

  it('stands in the table only if it exists, and names a file that carries it out', () => {
    const used = steps.flatMap((step) => (step.kind === 'elsewhere' ? [step.row] : []));
    expect(elsewhere.filter((row) => !used.includes(row))).toEqual([]);
    const isThere = (row: FragmentRow) =>
      steps.some(
        (step) =>
          step.kind === 'module' &&
          step.block.page === row.page &&
          step.text.includes(`${row.before}${row.begins}`),
      );
    expect(fragments.filter((row) => !isThere(row))).toEqual([]);
    expect(elsewhere.filter(({ executedBy }) => !existsSync(join(root, executedBy)))).toEqual([]);
  });
});

describe.skipIf(!hasRedis || !curl.isPresent)('what the pages ask a reader to do', () => {
  let checkout: Checkout;
  let stack: ReaderStack | undefined;
  let examples: Examples | undefined;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    checkout = await makeCheckout();
    environment = {
      PATH: `${checkout.bin}:${process.env['PATH'] ?? ''}`,
      HOME: checkout.folder,
      LANG: 'C.UTF-8',
    };
    const start = readBlocks('README.md').find(({ text }) => text.startsWith('npm start'));
    stack = await startReaderStack(start?.text ?? '', checkout.folder, environment);
    examples = await makeExamples(stack, checkout, environment);
  }, 120_000);
  afterAll(async () => {
    const code = stack === undefined ? null : await stack.stop();
    await Promise.all([checkout?.remove(), examples?.close()]);
    if (stack !== undefined) expect(code).toBe(0);
  }, 120_000);

  it('type-checks', async () => {
    for (const step of steps) {
      if (step.kind === 'module') await writeModule(checkout.folder, step.block.page, step.name, step.text);
      if (step.kind === 'file' && step.name.endsWith('ts'))
        await writeModule(checkout.folder, step.block.page, step.name, step.block.text);
    }
    expect(await checkModules(checkout.folder)).toBe('');
  });

  it.each([...plans].filter(([, plan]) => plan.some(({ kind }) => kind !== 'elsewhere')))(
    'works: %s',
    async (page, plan) => {
      if (stack === undefined || examples === undefined) throw new Error('the stack must be up');
      const { answers, words } = examples;
      const ports = new Map([...stack.ports, ['4000', String(await findFreePort())]]);
      await followPage({
        page,
        plan,
        checkout,
        environment,
        translation: { ports, words },
        answers,
        schemas,
      });
    },
    600_000,
  );
});
