import type { Command } from 'commander';
import { checkCallbackUrl } from './callback-options.ts';
import { addConfirmOptions, type ConfirmOptions, isConfirmed } from './confirmation.ts';
import type { CliContext } from './context.ts';
import { withOperators } from './operations/with-operations.ts';
import { formatTime } from './terminal.ts';

/** `veriqueue operator endpoints …`: where it is posted that a lane asks nothing, and that it asks again. */
export function addOperatorEndpointCommands(operator: Command, context: CliContext): void {
  const endpoints = operator
    .command('endpoints')
    .description('where lane.suspended and lane.resumed are posted, signed as every event is');
  endpoints
    .command('list')
    .description('all of them, and how far each is')
    .action(() => list(context));
  endpoints
    .command('add')
    .description('post them there too; its secret is shown once')
    .argument('<url>', 'https, of a public host')
    .action((url: string) => add(context, url));
  addConfirmOptions(
    endpoints
      .command('remove')
      .description('post nothing there any more')
      .argument('<id>', 'as list prints it'),
  ).action((id: string, options: ConfirmOptions) => remove(context, id, options));
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

async function add(context: CliContext, text: string): Promise<void> {
  const url = checkCallbackUrl(text, context, 'The URL');
  const made = await withOperators(context, (operations) => operations.addEndpoint(url));
  context.terminal.show(
    made,
    context.terminal.pairs({ endpoint: made.id, url: made.url, secret: made.secret }),
  );
  context.terminal.remark('The secret cannot be shown again.');
}

async function remove(context: CliContext, id: string, options: ConfirmOptions): Promise<void> {
  await withOperators(context, async (operations) => {
    if (!(await isConfirmed(context, `remove the endpoint ${id}${operations.at}`, options))) return;
    await operations.removeEndpoint(id);
    context.terminal.show({ id, removed: true }, `${id} is removed.`);
  });
}
