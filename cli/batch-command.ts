import { extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { VeriqueueError } from '../client/veriqueue.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import { parseDuration } from './arguments.ts';
import { openBadRows } from './batch/bad-rows.ts';
import type { BatchPaths } from './batch/ledger.ts';
import { openPhotoFolder } from './batch/photo-file.ts';
import { reportBatch, reportCheck } from './batch/present-batch.ts';
import { assertRegularFile, type BatchFile, type BatchFormat, readRows } from './batch/read-rows.ts';
import { anyReferences, createReferences, type References } from './batch/references.ts';
import { runBatch } from './batch/run-batch.ts';
import { checkRows, type RowRules } from './batch/validate-row.ts';
import { watchProgress } from './batch/watch-progress.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';

interface BatchOptions extends ApiOptions {
  readonly photos: string;
  readonly format?: BatchFormat;
  readonly check?: true;
  readonly out?: string;
  readonly wait?: true;
  /** ms */
  readonly timeout?: number;
  readonly concurrency: number;
  readonly allowDuplicateReferences?: true;
  readonly resubmitUnknown?: true;
  readonly trustInput?: true;
}

const help = `
FILE is a regular file, CSV (UTF-8, with a header row) or NDJSON, with the fields idCard, name and photo (a file in the
folder of --photos), and if you like reference, extra, priority (bulk unless given), answerBy and
callbackUrl.

Beside --out stand the journal (FILE.results.csv.journal), by which the same call goes on after a crash or
Ctrl-C, and FILE.bad.csv with the rows that cannot be submitted: line, reference, field, code.
docs/batch.md has the rest.

Exit codes: 0 every row is submitted (with --wait: answered), 1 failed, 2 called wrongly,
  3 all but the rows in FILE.bad.csv, 4 stopped before the end: the same call goes on`;

const MOST_AT_ONCE = 64;
/** 24 days: a longer timer would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `veriqueue batch`: a file of people, as fast as the server takes them, each once. */
export function addBatchCommand(program: Command, context: CliContext): void {
  const command = program
    .command('batch')
    .description('submit every row of a file; run it again to go on where it stopped')
    .argument('<file>', 'CSV or NDJSON')
    .requiredOption('--photos <folder>', 'where the photos are')
    .addOption(new Option('--format <format>', 'instead of by the name of FILE').choices(['csv', 'ndjson']))
    .option('--check', 'validate every row and submit nothing; needs no server')
    .option('--out <path>', 'the results (FILE.results.csv)')
    .option('--wait', 'wait for the verdicts, and write each into the results as it comes')
    .option('--timeout <duration>', 'stop after this long, such as 8h', parseDuration)
    .option('--concurrency <n>', 'submissions under way at once, at most', parseConcurrency, 32)
    .option('--allow-duplicate-references', 'rows may share a reference')
    .option('--resubmit-unknown', 'submit again the rows of which it is unknown whether the server has them')
    .option('--trust-input', 'go on with another API key, without comparing the rows with the run before')
    .addHelpText('after', help)
    .action((file: string, options: BatchOptions) => batch(context, file, options));
  addApiOptions(command);
}

async function batch(context: CliContext, path: string, options: BatchOptions): Promise<void> {
  await assertRegularFile(path);
  const { now, allowCheckDigitFailure } = context;
  const file = { path, format: options.format ?? guessFormat(path) };
  const paths = choosePaths(path, options.out);
  const photoFolder = await openPhotoFolder(options.photos);
  const references = options.allowDuplicateReferences ? anyReferences : createReferences();
  const given = { file, paths, rules: { references, photoFolder, allowCheckDigitFailure, now } };
  return options.check ? check(context, given) : submit(context, given, options);
}

interface GivenBatch {
  readonly file: BatchFile;
  readonly paths: BatchPaths;
  readonly rules: RowRules;
}

async function check(context: CliContext, { file, paths, rules }: GivenBatch): Promise<void> {
  const { terminal, interrupted, now } = context;
  const badRows = await openBadRows(paths.bad, now);
  const progress = watchProgress(terminal, 'Checking', now);
  let rows = 0;
  let blank = 0;
  const onRow = () => {
    rows += 1;
    progress.count();
    progress.show(rows);
  };
  try {
    progress.begin(await countRows(file, rules.references));
    await checkRows(
      { ...rules, badRows, onRow, stopped: interrupted },
      readRows(file, () => {
        blank += 1;
      }),
    );
  } finally {
    progress.end();
    await badRows.close();
  }
  reportCheck(context, { rows, blank, bad: badRows.count, badFile: paths.bad });
}

async function countRows(file: BatchFile, references: References): Promise<number> {
  let count = 0;
  for await (const reading of readRows(file)) {
    count += 1;
    references.note(reading);
  }
  return count;
}

async function submit(context: CliContext, given: GivenBatch, options: BatchOptions): Promise<void> {
  const { terminal, interrupted, now, random } = context;
  const access = await context.findApi(options);
  const awaitsVerdicts = options.wait === true;
  const progress = watchProgress(terminal, awaitsVerdicts ? 'Verifying' : 'Submitting', now);
  let counted: number | undefined;
  const report = await runBatch(
    {
      // The batch repeats by itself, so that all rows wait when the server asks one to.
      openSubmissions: (fetch) => openApi(access, { maxRetries: 0, timeoutMs: 60_000, fetch }),
      questions: openApi(access),
      apiKey: access.apiKey,
      stopped: stopSignal(interrupted, options.timeout),
      random,
      onProgress: ({ rows, dealtWith, accepted, answered, bad }) => {
        progress.begin(rows);
        // What earlier runs have done is no part of the rate.
        const worked = awaitsVerdicts ? answered : accepted;
        for (counted ??= worked; counted < worked; counted += 1) progress.count();
        progress.show(
          awaitsVerdicts ? answered + bad : dealtWith,
          awaitsVerdicts ? `, ${accepted} submitted` : '',
        );
      },
    },
    {
      ...given,
      awaitsVerdicts,
      concurrency: options.concurrency,
      resubmitsUnknown: options.resubmitUnknown === true,
      trustInput: options.trustInput === true,
    },
  )
    .catch((error: unknown) => {
      if (error instanceof VeriqueueError)
        terminal.remark('The same command goes on where this one stopped.');
      throw error;
    })
    .finally(() => progress.end());
  reportBatch(context, report, { paths: given.paths, awaitsVerdicts });
}

function stopSignal(interrupted: AbortSignal, timeoutMs: number | undefined): AbortSignal {
  if (timeoutMs === undefined) return interrupted;
  return AbortSignal.any([interrupted, AbortSignal.timeout(Math.min(timeoutMs, LONGEST_TIMER_MS))]);
}

function guessFormat(path: string): BatchFormat {
  return ['.ndjson', '.jsonl'].includes(extname(path).toLowerCase()) ? 'ndjson' : 'csv';
}

function choosePaths(file: string, out: string | undefined): BatchPaths {
  const stem = file.slice(0, file.length - extname(file).length);
  const results = out ?? `${stem}.results.csv`;
  const paths = { results, bad: `${stem}.bad.csv`, journal: `${results}.journal` };
  if (!Object.values(paths).includes(file)) return paths;
  throw new CommandFailure('--out must be another file than FILE', EXIT.calledWrongly);
}

function parseConcurrency(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_AT_ONCE) return count;
  throw new InvalidArgumentError(`It must be a whole number, 1 to ${MOST_AT_ONCE}.`);
}
