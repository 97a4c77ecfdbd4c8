import type { Command } from 'commander';
import { operatorName } from '../shared/contract/console-operators.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import type { OperatorOperations } from './operations/operator-operations.ts';
import { withOperators } from './operations/with-operations.ts';
import { addOperatorEndpointCommands } from './operator-endpoint-commands.ts';
import { formatTime } from './terminal.ts';

/** `veriqueue operator …`: who may use the console and the operators' API. */
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
    .description('every operator with a key, and when it was last used; OPERATOR_KEY is not among them')
    .action(() => list(context));
  addOperatorEndpointCommands(operator, context);
  addConfirmOptions(
    operator
      .command('revoke')
      .description('refuse the key of an operator, and end the sessions begun with it')
      .argument('<name>')
      .option(
        '--anyway',
        'with --yes: also the key that this command uses, or the last one that may change things',
      ),
  ).action((name: string, options: RevokeOptions) => revoke(context, name, options));
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
  const addition = await withOperators(context, (operators) => operators.add({ name, readOnly }));
  switch (addition.status) {
    case 'added':
      context.terminal.show(
        { name, readOnly, operatorKey: addition.operatorKey },
        context.terminal.pairs({
          operator: name,
          may: describeRights(readOnly),
          'operator key': addition.operatorKey,
        }),
      );
      return context.terminal.remark('It cannot be shown again.');
    case 'name_taken':
      throw new CommandFailure(`Operator ${name} already has a key. Revoke it first`);
    case 'too_many':
      throw new CommandFailure('No more operators can be added. Revoke one first');
    default:
      addition satisfies never;
  }
}

async function list(context: CliContext): Promise<void> {
  const { operators } = await withOperators(context, (operations) => operations.list());
  context.terminal.show(
    operators.map(({ createdAt, lastUsedAt, ...operator }) => ({
      ...operator,
      createdAt: new Date(createdAt).toISOString(),
      lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
    })),
    context.terminal.table(
      ['OPERATOR', 'MAY', 'KEY', 'SINCE', 'LAST USED', 'SESSIONS'],
      operators.map(({ name, readOnly, prefix, createdAt, lastUsedAt, sessions }) => [
        name,
        describeRights(readOnly),
        `${prefix}…`,
        formatTime(createdAt),
        lastUsedAt === null ? 'never' : formatTime(lastUsedAt),
        String(sessions),
      ]),
      'No operators: veriqueue operator add NAME makes the first key.',
    ),
  );
}

const describeRights = (readOnly: boolean): string => (readOnly ? 'look' : 'look and change');

interface RevokeOptions extends ConfirmOptions {
  readonly anyway?: true;
}

const OWN = 'this command itself uses it';
const LAST = 'it is the last one that may change things';

async function revoke(context: CliContext, name: string, options: RevokeOptions): Promise<void> {
  const revoked = await withOperators(context, async (operators) => {
    const warned = await findWarnings(operators, name);
    const warnings = [...(warned.evenOwn ? [OWN] : []), ...(warned.evenLast ? [LAST] : [])].join(', and ');
    // A user who cannot be asked has not read the warning.
    if (warnings !== '' && options.yes && !options.anyway && !options.dryRun) throw unwarned(name, warnings);
    const aside = warnings === '' ? '' : ` although ${warnings}`;
    if (!(await isConfirmed(context, `revoke the key of ${name}${operators.at}${aside}`, options)))
      return false;
    const even = options.anyway ? { evenOwn: true, evenLast: true } : warned;
    const revocation = await operators.revoke(name, even);
    switch (revocation) {
      case 'revoked':
        return true;
      case 'missing':
        throw unknownOperator(name);
      case 'own_key':
        throw unwarned(name, OWN);
      case 'last_full_key':
        throw unwarned(name, LAST);
      default:
        return revocation satisfies never;
    }
  });
  if (!revoked) return;
  context.terminal.show(
    { name, revoked: true },
    `The key of ${name} is revoked, and its sessions are ended.`,
  );
}

/** What the user must know before it is done. @throws {CommandFailure} when there is no such operator */
async function findWarnings(operations: OperatorOperations, name: string) {
  const { operators, self } = await operations.list();
  const wanted = operators.find((operator) => operator.name === name);
  if (wanted === undefined) throw unknownOperator(name);
  const others = operators.filter((operator) => operator !== wanted && !operator.readOnly);
  return { evenOwn: self === name, evenLast: !wanted.readOnly && others.length === 0 };
}

function unknownOperator(name: string): CommandFailure {
  return new CommandFailure(`No operator has the name ${name}`);
}

function unwarned(name: string, why: string): CommandFailure {
  return new CommandFailure(`The key of ${name} is not revoked: ${why}. Add --anyway if you mean it`);
}
