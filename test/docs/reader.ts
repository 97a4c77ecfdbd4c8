import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { z } from 'zod';
import type { Checkout } from './checkout.ts';
import { whereIs } from './fenced-blocks.ts';
import { modulesOf, writeModule } from './modules.ts';
import type { Step } from './plan.ts';
import { openReaderShell, type ReaderShell } from './reader-shell.ts';
import { fillIn, type Json, parseShown } from './shown-json.ts';
import { hasPrinted, isAsShown } from './shown-output.ts';
import { fromPage, type Translation, toPage } from './translation.ts';

export interface Reading {
  readonly page: string;
  readonly plan: readonly Step[];
  readonly checkout: Checkout;
  readonly environment: Readonly<Record<string, string>>;
  readonly translation: Translation;
  readonly answers: Readonly<Record<string, Json>>;
  readonly schemas: Readonly<Record<string, z.ZodType>>;
}

/** Does all that a page says, from its beginning to its end. */
export async function followPage(reading: Reading): Promise<void> {
  const { page, plan, checkout, environment } = reading;
  const shell = await openReaderShell({
    folder: checkout.folder,
    notebook: join(checkout.folder, '.notebook', page.replace(/\W+/g, '-')),
    environment,
    services: plan.flatMap((step) => (step.kind === 'service' ? [step.name] : [])),
  });
  try {
    let printed = '';
    for (const step of plan) {
      printed = await takeStep(reading, shell, step, printed).catch((cause: unknown) => {
        const how = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${whereIs(step.block)}: ${how}`, { cause });
      });
    }
  } finally {
    await shell.close();
  }
}

/** @returns what was printed last */
async function takeStep(reading: Reading, shell: ReaderShell, step: Step, printed: string): Promise<string> {
  const here = (text: string) => fromPage(text, reading.translation);
  const asInPage = (text: string) => toPage(text, reading.translation);
  switch (step.kind) {
    case 'commands':
      return asInPage(await shell.run(here(step.block.text)));
    case 'service':
      if (step.replaces !== null) await shell.interrupt(step.replaces);
      await shell.begin(step.name, here(step.block.text));
      if (!step.quiet && (await shell.printedBy(step.name, (text) => text.includes('\n'))) === '')
        throw new Error('it must say that it listens, received nothing');
      return printed;
    case 'file':
      await writeFile(join(reading.checkout.folder, step.name), here(step.block.text));
      return printed;
    case 'module': {
      const { page } = step.block;
      await writeModule(reading.checkout.folder, page, step.name, here(step.text));
      return asInPage(await shell.run(`tsx ${join(modulesOf(page), step.name)}\n`));
    }
    case 'output':
      await compare(shell, step, printed, asInPage);
      return printed;
    case 'json':
      checkJson(reading, step);
      return printed;
    case 'elsewhere':
      return printed;
    case 'unaccounted':
      throw new Error('nothing is known to carry this out');
    default:
      return step satisfies never;
  }
}

async function compare(
  shell: ReaderShell,
  { block, service }: Extract<Step, { kind: 'output' }>,
  printed: string,
  asInPage: (text: string) => string,
): Promise<void> {
  if (service !== null) {
    const enough = (text: string) => hasPrinted(block.text, asInPage(text));
    const text = asInPage(await shell.printedBy(service, enough));
    // Equal texts are a shorter message than a pattern that does not match.
    if (!hasPrinted(block.text, text)) expect(text).toBe(block.text);
  } else if (block.language === 'json') {
    const actual = JSON.parse(printed) as Json;
    expect(fillIn(parseShown(block.text), actual)).toEqual(actual);
  } else if (!isAsShown(block.text, printed)) {
    expect(printed).toBe(block.text);
  }
}

function checkJson({ schemas, answers }: Reading, { block, schema }: Extract<Step, { kind: 'json' }>): void {
  const contract = schemas[schema];
  if (contract === undefined)
    throw new Error(`schema must be one of ${Object.keys(schemas)}, received ${schema}`);
  contract.parse(fillIn(parseShown(block.text), answers[schema]));
}
