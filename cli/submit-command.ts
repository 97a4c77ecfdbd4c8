import { type Command, Option } from 'commander';
import {
  pickFields,
  STORED_FIELDS,
  type StoredField,
  type StoredOptions,
} from '../shared/contract/submission-fields.ts';
import { priority } from '../shared/contract/verification.ts';
import { type ApiOptions, addApiOptions, openApi } from './api.ts';
import type { CliContext } from './context.ts';
import { describeVerification } from './present-verification.ts';
import { readPerson } from './read-person.ts';
import { printable } from './terminal.ts';
import { addWaitOptions, VERDICT_HELP, type WaitOptions, waitForVerdict } from './wait-option.ts';

interface SubmitOptions extends ApiOptions, WaitOptions, Partial<StoredOptions> {
  readonly from?: string;
  readonly idempotencyKey?: string;
}

/** Of the fields beside the subject. The subject's have none: see the help. */
const fieldOptions = {
  reference: new Option('--reference <text>', 'your own name for this verification, such as an order number'),
  extra: new Option('--extra <text>', '1 to 10 characters that go to the upstream and come back'),
  callbackUrl: new Option('--callback-url <url>', "where the event goes, instead of the client's default"),
  answerBy: new Option(
    '--answer-by <instant>',
    'RFC 3339; refused unless it can be promised, and expired without an answer by then',
  ),
  priority: new Option('--priority <priority>', 'default: interactive').choices(priority.options),
} satisfies Record<StoredField, Option>;

const help = `
The person is a JSON object {"idCard": "…", "name": "…"}; ${STORED_FIELDS.join(', ')}
may stand there too. It is read from --from, or asked for at a terminal, or read from standard input.
There are no options for ID number and name: every user of a machine can see the arguments of its
processes, and the shell keeps them in its history.
${VERDICT_HELP}`;

/** `veriqueue submit`: one verification, for trying out and for scripts. */
export function addSubmitCommand(program: Command, context: CliContext): void {
  const command = program
    .command('submit')
    .description('submit one verification; the person is read from a file, a prompt or standard input')
    .argument('<photo>', 'JPEG or PNG file, or the URL that the server fetches it from')
    .option('--from <path>', 'JSON file with the person; - is standard input')
    .addHelpText('after', help)
    .action((photo: string, options: SubmitOptions) => submit(context, photo, options));
  for (const option of Object.values(fieldOptions)) command.addOption(option);
  command.option('--idempotency-key <key>', 'the same key again gives the same verification, for 24 hours');
  addApiOptions(addWaitOptions(command));
}

async function submit(context: CliContext, photo: string, options: SubmitOptions): Promise<void> {
  const { terminal, interrupted, questions } = context;
  const api = openApi(await context.findApi(options));
  const person = await readPerson(questions, options.from, interrupted);
  const given = pickFields(options, [...STORED_FIELDS, 'idempotencyKey']);
  const { verification, replayed } = await api.submit(
    { ...person, ...given, photo: /^https?:\/\//.test(photo) ? { url: photo } : photo },
    { signal: interrupted },
  );
  if (replayed) terminal.remark('It was submitted before, under this idempotency key.');
  if (options.wait) terminal.remark(`${printable(verification.id)} is submitted; waiting for its verdict.`);
  const shown = options.wait ? await waitForVerdict(context, api, verification.id, options) : verification;
  terminal.show(shown, describeVerification(terminal, shown));
}
