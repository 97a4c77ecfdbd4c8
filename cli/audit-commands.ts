import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Command } from 'commander';
import type { AuditLine } from '../shared/audit/audit-entry.ts';
import type { AuditPlace } from '../shared/audit/audit-head.ts';
import { type AuditExport, readExport, writeFirst, writeLast } from '../shared/audit/export-format.ts';
import { findHeads } from '../shared/audit/find-heads.ts';
import { type JudgedTrail, judgeExport } from '../shared/audit/judge-export.ts';
import { plural } from '../shared/contract/plural.ts';
import type { VerifyingKeys } from '../shared/signing/jwks.ts';
import { parseEntryNumber } from './arguments.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { type AuditSource, withAuditSource } from './operations/audit-source.ts';
import { readTextLines } from './read-text-file.ts';
import { readVerifyingKeys } from './signing-keys.ts';

/** `veriqueue audit …`: who did what, and whether that is what was written. */
export function addAuditCommands(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the audit trail: who did what, and proof of it');
  audit
    .command('head')
    .description('print where the trail ends, signed: keep it elsewhere')
    .action(() => showHead(context));
  audit
    .command('export')
    .description('write the trail, one JSON text a line')
    .argument('[file]', 'a new file; without it, standard output')
    .action((file: string | undefined) => exportTrail(context, file));
  audit
    .command('verify')
    .description('find every entry that was changed, moved, put in or taken out')
    .argument('[export]', 'a file that audit export wrote; without it, the trail itself')
    .option('--keys <file>', 'the public keys, as a JSON Web Key Set; without it, SIGNING_KEYS')
    .option('--head <file>', 'heads that were kept elsewhere: a file or a log that has them')
    .option(
      '--unsigned-through <number>',
      'entries up to this one are older than SIGNING_KEYS',
      parseEntryNumber,
    )
    .action((file: string | undefined, options: VerifyOptions) => verify(context, file, options));
}

async function showHead(context: CliContext): Promise<void> {
  const head = await withAuditSource(context, (source) => source.readHead());
  const { number, hash, at, signed, waiting } = head;
  context.terminal.show(
    head,
    signed ?? context.terminal.pairs({ entry: String(number), hash, at, waiting: String(waiting) }),
  );
}

/** The whole trail, line by line as it is read. */
async function* readLines(source: AuditSource): AsyncGenerator<string> {
  let page = await source.readPage(0);
  const { lane, start } = page;
  yield writeFirst(lane, start);
  for (;;) {
    for (const line of page.data) yield JSON.stringify(line);
    if (page.next === null) break;
    page = await source.readPage(page.next);
  }
  yield writeLast(page.head);
}

async function exportTrail(context: CliContext, file: string | undefined): Promise<void> {
  await withAuditSource(context, async (source) => {
    if (file === undefined) {
      for await (const line of readLines(source)) process.stdout.write(`${line}\n`);
      return;
    }
    const output = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    const failed = once(output, 'error').then(([error]) => {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      throw new CommandFailure(`Cannot write ${file}: ${code}`, EXIT.calledWrongly);
    });
    let count = -2;
    const write = async () => {
      for await (const line of readLines(source)) {
        count += 1;
        if (!output.write(`${line}\n`)) await once(output, 'drain');
      }
      output.end();
      await once(output, 'close');
    };
    await Promise.race([write(), failed]);
    context.terminal.show(
      { file, entries: count },
      `${plural(count, 'entry', 'entries')} written to ${file}`,
    );
  });
}

interface VerifyOptions {
  readonly keys?: string;
  readonly head?: string;
  readonly unsignedThrough?: number;
}

async function verify(
  context: CliContext,
  file: string | undefined,
  { keys: keyFile, head, unsignedThrough = 0 }: VerifyOptions,
): Promise<void> {
  const keys = await readVerifyingKeys(context, keyFile);
  const exported = file === undefined ? await readTrail(context) : await readExport(readTextLines(file));
  if (exported === null)
    throw new CommandFailure(`${file} is no export of an audit trail`, EXIT.calledWrongly);
  const heads = head === undefined ? [] : await readHeads(head, exported.lane, keys);
  const judged = judgeExport(exported, { keys, heads, unsignedThrough });
  for (const remark of judged.remarks) context.terminal.remark(`Note: ${remark}.`);
  context.terminal.show(judged, describe(judged));
  if (judged.findings.length > 0) {
    throw new CommandFailure('The audit trail is not what was written', EXIT.failed);
  }
}

async function readTrail(context: CliContext): Promise<AuditExport> {
  return withAuditSource(context, async (source) => {
    const lines: (AuditLine | null)[] = [];
    let page = await source.readPage(0);
    const { lane, start } = page;
    lines.push(...page.data);
    while (page.next !== null) {
      page = await source.readPage(page.next);
      lines.push(...page.data);
    }
    return { lane, start, lines, head: page.head };
  });
}

/** @throws {CommandFailure} for a file that has none, or one that no key has signed */
async function readHeads(
  file: string,
  lane: string,
  keys: VerifyingKeys | null,
): Promise<readonly AuditPlace[]> {
  const { heads, refused } = await findHeads(readTextLines(file), lane, keys);
  const [first] = refused;
  if (first !== undefined) throw new CommandFailure(`Cannot use a head of ${file}: ${first}`);
  if (heads.length === 0)
    throw new CommandFailure(
      `${file} has no signed head of an audit trail: audit head prints one where SIGNING_KEYS is set`,
      EXIT.calledWrongly,
    );
  return heads;
}

function describe({ lane, entries, first, last, heads, findings }: JudgedTrail): string {
  const what = `${plural(entries, 'entry', 'entries')} of the lane ${lane}, ${first} to ${last}, against ${plural(heads, 'head')}`;
  if (findings.length === 0) return `${what}: nothing was changed`;
  return [`${what}:`, ...findings.map(({ kind, text }) => `  ${kind.padEnd(9)}  ${text}`)].join('\n');
}
