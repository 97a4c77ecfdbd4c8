import type { Command } from 'commander';
import { noteActivity } from '../shared/store/operators/activity.ts';
import {
  addOperator,
  COMMAND_LINE_OPERATOR,
  listOperators,
  MAX_OPERATORS,
  operatorName,
  revokeOperator,
} from '../shared/store/operators/operators.ts';
import { CommandFailure } from './command-failure.ts';
import { type CliContext, withConnection } from './context.ts';
import { formatTime } from './terminal.ts';

/** `veriqueue operator …`: who may use the console and the operators' API. On Redis directly: it makes the first key. */
export function addOperatorCommands(program: Command, context: CliContext): void {
  const operator = program.command('operator').description('who may use the console, each with a key');
  operator
    .command('add')
    .description('give an operator a key; it is shown once')
    .argument('<name>', 'as it stands in the log: letters, digits and . _ @ -')
    .option('--read-only', 'may look at everything and change nothing')
    .action((name: string, { readOnly = false }: { readOnly?: boolean }) => add(context, name, readOnly));
  operator
    .command('list')
    .description('every operator with a key; OPERATOR_KEY is not among them')
    .action(() => list(context));
  operator
    .command('revoke')
    .description('refuse the key of an operator, and end the sessions begun with it')
    .argument('<name>')
    .action((name: string) => revoke(context, name));
}

async function add(context: CliContext, text: string, readOnly: boolean): Promise<void> {
  const parsed = operatorName.safeParse(text);
  if (!parsed.success) {
    throw new CommandFailure(
      'The name of an operator must have 1 to 40 letters, digits and . _ @ -, begin with a letter or digit, and not be environment',
      2,
    );
  }
  const name = parsed.data;
  const addition = await withConnection(context, async ({ redis, keys }) => {
    const added = await addOperator(redis, keys, { name, readOnly, now: context.now() });
    if (added.status === 'added') {
      await noteActivity(redis, keys, {
        operator: COMMAND_LINE_OPERATOR,
        action: 'add_operator',
        target: name,
        result: 'added',
      });
    }
    return added;
  });
  switch (addition.status) {
    case 'added':
      context.terminal.show(
        { name, readOnly, operatorKey: addition.key },
        context.terminal.pairs({
          operator: name,
          may: describeRights(readOnly),
          'operator key': addition.key,
        }),
      );
      return context.terminal.remark('It cannot be shown again.');
    case 'name_taken':
      throw new CommandFailure(`Operator ${name} already has a key. Revoke it first`);
    case 'too_many':
      throw new CommandFailure(`There are ${MAX_OPERATORS} operators, which is the limit. Revoke one first`);
    default:
      addition satisfies never;
  }
}

async function list(context: CliContext): Promise<void> {
  const operators = await withConnection(context, ({ redis, keys }) => listOperators(redis, keys));
  context.terminal.show(
    operators.map(({ createdAt, ...operator }) => ({
      ...operator,
      createdAt: new Date(createdAt).toISOString(),
    })),
    context.terminal.table(
      ['OPERATOR', 'MAY', 'KEY', 'SINCE'],
      operators.map(({ name, readOnly, prefix, createdAt }) => [
        name,
        describeRights(readOnly),
        `${prefix}…`,
        formatTime(createdAt),
      ]),
      'No operators: veriqueue operator add NAME makes the first key.',
    ),
  );
}

const describeRights = (readOnly: boolean): string => (readOnly ? 'look' : 'look and change');

async function revoke(context: CliContext, name: string): Promise<void> {
  const revoked = await withConnection(context, async ({ redis, keys }) => {
    const done = await revokeOperator(redis, keys, name);
    if (done)
      await noteActivity(redis, keys, {
        operator: COMMAND_LINE_OPERATOR,
        action: 'revoke_operator',
        target: name,
        result: 'revoked',
      });
    return done;
  });
  if (!revoked) throw new CommandFailure(`No operator has the name ${name}`);
  context.terminal.show(
    { name, revoked: true },
    `The key of ${name} is revoked, and its sessions are ended.`,
  );
}
