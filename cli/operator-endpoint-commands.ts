import type { Command } from 'commander';
import { laneEventTypes, type OperatorEndpoint } from '../shared/contract/operator-endpoint.ts';
import { parseDuration } from './arguments.ts';
import { checkCallbackUrl } from './callback-options.ts';
import { CommandFailure } from './command-failure.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import {
  addEndpointChanges,
  addEndpointSettings,
  describeSettings,
  type EndpointChanges,
  type EndpointSettings,
  readEndpointChanges,
} from './endpoint-settings.ts';
import { EXIT } from './exit-codes.ts';
import { withOperators } from './operations/with-operations.ts';
import { showTestDelivery } from './show-test-delivery.ts';
import { formatTime } from './terminal.ts';

type LaneEvent = OperatorEndpoint['types'][number];

const ID = 'as list prints it';

/** `veriqueue operator endpoints …`: where it is posted that a lane asks nothing, and that it asks again. */
export function addOperatorEndpointCommands(operator: Command, context: CliContext): void {
  const endpoints = operator
    .command('endpoints')
    .description('where lane.suspended and lane.resumed are posted, signed as every event is');
  endpoints
    .command('list')
    .description('all of them, and how far each is')
    .action(() => list(context));
  const adding = endpoints
    .command('add')
    .description('post them there too; its secret is shown once')
    .argument('<url>', 'https, of a public host')
    .action((url: string, options: EndpointSettings<LaneEvent>) => add(context, url, options));
  addEndpointSettings(adding, laneEventTypes);
  addChangeCommands(endpoints, context);
  addConfirmOptions(
    endpoints.command('remove').description('stop posting there').argument('<id>', ID),
  ).action((id: string, options: ConfirmOptions) => remove(context, id, options));
}

function addChangeCommands(endpoints: Command, context: CliContext): void {
  const setting = endpoints
    .command('set')
    .description('change where they are posted, which, and how fast')
    .argument('<id>', ID)
    .action((id: string, options: EndpointChanges<LaneEvent>) => set(context, id, options));
  addEndpointChanges(setting, laneEventTypes);
  for (const [name, enabled, description] of [
    ['pause', false, 'post nothing there until it is resumed; its events wait'],
    ['resume', true, 'post there again, also after it was held'],
  ] as const) {
    endpoints
      .command(name)
      .description(description)
      .argument('<id>', ID)
      .action((id: string) => setEnabled(context, id, enabled));
  }
  endpoints
    .command('rotate-secret')
    .description('a new secret, shown once; the previous one signs as well for a day')
    .argument('<id>', ID)
    .option('--overlap <duration>', 'how long both sign', parseDuration)
    .action((id: string, { overlap }: { overlap?: number }) => rotateSecret(context, id, overlap));
  endpoints
    .command('test')
    .description('have a worker send a signed webhook.test event, once')
    .argument('<id>', ID)
    .action((id: string) => test(context, id));
}

async function list(context: CliContext): Promise<void> {
  const found = await withOperators(context, (operations) => operations.listEndpoints());
  context.terminal.show(
    found,
    context.terminal.table(
      ['ENDPOINT', 'URL', 'STATUS', 'UP TO', 'PASSED BY', 'SINCE'],
      found.map(({ id, url, status, after, dead, createdAt }) => [
        ...[id, url, status, String(after), String(dead)],
        formatTime(Date.parse(createdAt)),
      ]),
      'No endpoints: veriqueue operator endpoints add URL adds one.',
    ),
  );
}

async function add(context: CliContext, text: string, options: EndpointSettings<LaneEvent>): Promise<void> {
  const url = checkCallbackUrl(text, context, 'The URL');
  const wanted = { url, ...readEndpointChanges(options) };
  const made = await withOperators(context, (operations) => operations.addEndpoint(wanted));
  context.terminal.show(
    made,
    context.terminal.pairs({ endpoint: made.id, url: made.url, secret: made.secret }),
  );
  context.terminal.remark('The secret cannot be shown again.');
}

async function set(context: CliContext, id: string, options: EndpointChanges<LaneEvent>): Promise<void> {
  const { to, ...rest } = options;
  const url = to === undefined ? {} : { url: checkCallbackUrl(to, context, '--to') };
  const change = { ...readEndpointChanges(rest), ...url };
  if (Object.keys(change).length === 0) {
    throw new CommandFailure('Give at least one setting to change: see --help', EXIT.calledWrongly);
  }
  const changed = await withOperators(context, (operations) => operations.changeEndpoint(id, change));
  const { terminal } = context;
  terminal.show(changed, terminal.pairs({ endpoint: id, ...describeSettings(changed) }));
}

async function setEnabled(context: CliContext, id: string, enabled: boolean): Promise<void> {
  const changed = await withOperators(context, (operations) => operations.changeEndpoint(id, { enabled }));
  context.terminal.show(changed, `${id} is ${enabled ? 'resumed' : 'paused: its events wait'}.`);
}

async function rotateSecret(context: CliContext, id: string, overlapMs: number | undefined): Promise<void> {
  const seconds = overlapMs === undefined ? undefined : overlapMs / 1_000;
  const rotated = await withOperators(context, (operations) => operations.rotateEndpointSecret(id, seconds));
  const { secret, previousSignsUntil } = rotated;
  context.terminal.show(
    { id, ...rotated },
    context.terminal.pairs({ endpoint: id, secret, 'previous signs until': previousSignsUntil }),
  );
  context.terminal.remark('It cannot be shown again.');
}

async function test(context: CliContext, id: string): Promise<void> {
  const sent = await withOperators(context, (operations) => operations.testEndpoint(id));
  showTestDelivery(context.terminal, sent);
}

async function remove(context: CliContext, id: string, options: ConfirmOptions): Promise<void> {
  await withOperators(context, async (operations) => {
    if (!(await isConfirmed(context, `remove the endpoint ${id}${operations.at}`, options))) return;
    await operations.removeEndpoint(id);
    context.terminal.show({ id, removed: true }, `${id} is removed.`);
  });
}
