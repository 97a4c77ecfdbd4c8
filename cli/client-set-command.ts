import { type Command, Option } from 'commander';
import { plural } from '../shared/contract/plural.ts';
import type { ClientChange } from '../shared/store/clients/change-client.ts';
import type { Budget } from '../shared/store/clients/client-limits.ts';
import { MAX_WEIGHT, MIN_WEIGHT } from '../shared/store/clients/client-weight.ts';
import { collect, parseBudget, parseCap, parseWeight } from './arguments.ts';
import { checkCallbackUrl, checkOrigins } from './callback-options.ts';
import { CommandFailure } from './command-failure.ts';
import type { CliContext } from './context.ts';
import { withClients } from './operations/with-operations.ts';
import { describeAtRisk } from './present-at-risk.ts';
import { presentClient, showText } from './present-client.ts';

interface SetOptions {
  readonly name?: string;
  /** False: taken away. */
  readonly callbackUrl?: string | false;
  readonly origin?: readonly string[];
  readonly weight?: number;
  /** False: taken away. */
  readonly maxWaiting?: number | false;
  readonly budgetDay?: number | false;
  readonly budgetMonth?: number | false;
  readonly budgetMode?: Budget['mode'];
  readonly selfService?: 'on' | 'off';
  readonly maxKeys?: number | false;
  readonly maxEndpoints?: number | false;
  readonly dryRun?: true;
}

export const WEIGHT_OPTION = `its part of the quota while others wait too, ${MIN_WEIGHT} to ${MAX_WEIGHT}`;

const BUDGET_MODE_OPTION =
  'hard refuses what might exceed the budget, and holds unless given; warn logs what is spent';

const SELF_SERVICE_OPTION =
  'whether its keys with the scope manage may change its callback, secrets, endpoints and keys';

/** `veriqueue client set`: changes what is given, and leaves the rest as it is. */
export function addClientSetCommand(client: Command, context: CliContext): void {
  client
    .command('set')
    .description('change a setting of a client; events that waited for a callback are sent')
    .argument('<client>')
    .option('--name <name>')
    .option('--callback-url <url>')
    .option('--no-callback-url', 'take the default callback away')
    .option('--origin <origin...>', 'replaces all origins', collect)
    .option('--weight <weight>', WEIGHT_OPTION, parseWeight)
    .option(
      '--max-waiting <number>',
      'its verifications without an outcome at once; 0 sets no limit',
      parseCap,
    )
    .option('--no-max-waiting', 'hold it to CLIENT_MAX_WAITING again')
    .option('--budget-day <calls>', 'calls that may be billed in a day (+08:00)', parseBudget)
    .option('--no-budget-day', 'any number of them')
    .option('--budget-month <calls>', 'calls that may be billed in a month (+08:00)', parseBudget)
    .option('--no-budget-month', 'any number of them')
    .addOption(new Option('--budget-mode <mode>', BUDGET_MODE_OPTION).choices(['hard', 'warn']))
    .addOption(new Option('--self-service <state>', SELF_SERVICE_OPTION).choices(['on', 'off']))
    .option('--max-keys <number>', 'API keys up to which it may make some by itself', parseCap)
    .option('--no-max-keys', 'hold it to CLIENT_MAX_API_KEYS again')
    .option('--max-endpoints <number>', 'endpoints that it may have beside its callback', parseCap)
    .option('--no-max-endpoints', 'hold it to CLIENT_MAX_ENDPOINTS again')
    .option('--dry-run', 'with --weight: say whose promised times it puts at risk, and change nothing')
    .action((clientId: string, options: SetOptions) => set(context, clientId, options));
}

async function set(context: CliContext, clientId: string, options: SetOptions): Promise<void> {
  const change = readChange(context, options);
  if (Object.keys(change).length === 0) {
    throw new CommandFailure('Give at least one setting to change: see --help', 2);
  }
  if (options.dryRun === true) return weigh(context, clientId, change);
  const { terminal } = context;
  const { client, budgetUse, releasedEvents, promisesAtRisk } = await withClients(context, (clients) =>
    clients.change(clientId, change),
  );
  terminal.show(
    {
      ...presentClient(client),
      budgetUse,
      ...(releasedEvents === null ? {} : { releasedEvents }),
      ...(promisesAtRisk === null ? {} : { promisesAtRisk }),
    },
    showText(terminal, client, budgetUse),
  );
  if (releasedEvents)
    terminal.remark(
      `${plural(releasedEvents, 'event that waited for this is on its way', 'events that waited for this are on their way')}.`,
    );
  for (const [name, remark] of Object.entries(REMARKS))
    if (options[name as keyof typeof REMARKS] !== undefined) terminal.remark(remark);
  if (promisesAtRisk !== null) terminal.remark(describeAtRisk(terminal, promisesAtRisk));
}

/** What a weight would do, without any change. */
async function weigh(
  context: CliContext,
  clientId: string,
  { weight, ...rest }: ClientChange,
): Promise<void> {
  if (weight === undefined || Object.keys(rest).length > 0) {
    throw new CommandFailure('Give --dry-run with --weight and no other setting', 2);
  }
  const { terminal } = context;
  const promisesAtRisk = await withClients(context, (clients) => clients.weigh(clientId, weight));
  terminal.show(
    { dryRun: true, clientId, weight, promisesAtRisk },
    `Would give ${clientId} the weight ${weight}. Nothing was changed.\n${describeAtRisk(terminal, promisesAtRisk)}`,
  );
}

const REMARKS = {
  weight: 'The weight holds for what waits already too. What waits keeps its order among itself.',
  maxWaiting: 'The cap holds from the next submission on; what was accepted stays accepted.',
  selfService: 'Producers act on it within two seconds.',
  budgetDay: 'What was accepted is finished and counted, also beyond the budget of the day.',
  budgetMonth: 'What was accepted is finished and counted, also beyond the budget of the month.',
} as const satisfies Partial<Record<keyof SetOptions, string>>;

function readChange(context: CliContext, options: SetOptions): ClientChange {
  const { name, callbackUrl, origin, weight, budgetMode } = options;
  return {
    ...(name === undefined ? {} : { name }),
    ...(origin === undefined ? {} : { allowedOrigins: checkOrigins(origin, context) }),
    ...(callbackUrl === undefined
      ? {}
      : { callbackUrl: callbackUrl === false ? null : checkCallbackUrl(callbackUrl, context) }),
    ...(weight === undefined ? {} : { weight }),
    ...limitOf('maxWaiting', options.maxWaiting),
    ...limitOf('budgetDay', options.budgetDay),
    ...limitOf('budgetMonth', options.budgetMonth),
    ...(budgetMode === undefined ? {} : { budgetMode }),
    ...(options.selfService === undefined ? {} : { selfService: options.selfService === 'on' }),
    ...limitOf('maxApiKeys', options.maxKeys),
    ...limitOf('maxEndpoints', options.maxEndpoints),
  };
}

type Limit = 'maxWaiting' | 'budgetDay' | 'budgetMonth' | 'maxApiKeys' | 'maxEndpoints';

function limitOf(name: Limit, value: number | false | undefined): Pick<ClientChange, Limit> {
  return value === undefined ? {} : { [name]: value === false ? null : value };
}
