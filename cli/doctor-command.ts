import type { Command } from 'commander';
import { z } from 'zod';
import { auditHead } from '../shared/audit/audit-page.ts';
import { plural } from '../shared/contract/plural.ts';
import { openOperatorApi } from './access/operator-api.ts';
import { CommandFailure } from './command-failure.ts';
import { type CliContext, withAnyConnection } from './context.ts';
import { describeError } from './describe-error.ts';
import { checkProducer } from './doctor/api-checks.ts';
import { type Check, ok, problem, skipped } from './doctor/check.ts';
import { checkAccounts, checkAudit, checkDeliveries, checkLane } from './doctor/lane-checks.ts';
import { EXIT } from './exit-codes.ts';
import { apiOperations } from './operations/api-operations.ts';
import type { Operations } from './operations/operations.ts';
import type { Terminal } from './terminal.ts';

const help = `
Looks, and changes nothing: no event is sent and the upstream is not asked about anybody. With an API key it checks the
producer; with an operator key, or on Redis, all the rest. Exit code 1 when anything is a problem.`;

/** `veriqueue doctor`: what is wrong with a deployment, as far as this machine can see it, and what to do. */
export function addDoctorCommand(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('check producer, keys, clocks, Redis, lane, upstream and callbacks, and say what to do')
    .addHelpText('after', help)
    .action(() => doctor(context));
}

async function doctor(context: CliContext): Promise<void> {
  const { terminal, exitWith } = context;
  const checks = [...(await lookAtProducer(context)), ...(await lookAsOperator(context))];
  const isWell = checks.every(({ status }) => status !== 'problem');
  terminal.show(
    { ok: isWell, checks: checks.map((check) => ({ fix: null, ...check })) },
    describe(terminal, checks),
  );
  if (!isWell) exitWith(EXIT.failed);
}

async function lookAtProducer(context: CliContext): Promise<readonly Check[]> {
  try {
    const access = await context.findApi({});
    return await checkProducer(access, { now: context.now, signal: context.interrupted });
  } catch (error) {
    // Operators often have none.
    if (error instanceof CommandFailure) return [skipped('producer', error.message)];
    throw error;
  }
}

async function lookAsOperator(context: CliContext): Promise<readonly Check[]> {
  try {
    const access = await context.findOperatorAccess();
    if (access === null) return await lookAtRedis(context);
    const api = openOperatorApi(access, context.interrupted);
    const audit = checkAudit(await api.ask({ path: 'audit/head' }, z.looseObject(auditHead.shape)));
    const found = [...(await lookAtLane(apiOperations(api))), audit];
    return [ok("operators' API", `answers at ${api.place}, and the key is accepted`), ...found];
  } catch (error) {
    context.interrupted.throwIfAborted();
    const fix = 'It says what must change; docs/cli.md#where-to lists what each command needs.';
    return [problem("operators' side", describeError(error), fix)];
  }
}

async function lookAtLane(operations: Operations): Promise<readonly Check[]> {
  const [lane, troubles] = [await operations.showLane(), await operations.readTroubles()];
  return [...checkLane(lane), ...checkAccounts(lane), ...checkDeliveries(troubles)];
}

async function lookAtRedis(context: CliContext): Promise<readonly Check[]> {
  return withAnyConnection(context, async (connection) => {
    const { checkCallbacks, checkKeys, checkRedis, checkUpstream } = await import('./doctor/redis-checks.ts');
    const { redisOperations } = await import('./operations/redis-operations.ts');
    const { findClients } = await import('./find-client.ts');
    const { readAuditState } = await import('../shared/store/audit/audit-state.ts');
    const damaged: Check[] = [];
    const { head, waiting } = await readAuditState(connection.redis, connection.keys);
    const clients = await findClients(connection, context.now(), (id, reason) =>
      damaged.push(problem('client', `${id}: ${reason}`, 'docs/runbook.md says what can be saved.')),
    );
    const sections = [
      await checkRedis(connection, context.now),
      [await checkKeys(context, connection, clients)],
      damaged,
      await lookAtLane(redisOperations(context, connection)),
      [checkAudit({ number: head.number, waiting })],
      await checkUpstream(context, connection),
      await checkCallbacks(context, clients),
    ];
    return sections.flat();
  });
}

const WORDS = { ok: 'ok', warning: 'warning', problem: 'PROBLEM', skipped: '-' } as const;

function describe(terminal: Terminal, checks: readonly Check[]): string {
  const rows = checks.flatMap((check) => [
    [WORDS[check.status], check.name, check.detail],
    ...('fix' in check ? [['', '', `▸ ${check.fix}`]] : []),
  ]);
  const problems = checks.filter(({ status }) => status === 'problem').length;
  const sum = problems === 0 ? 'Nothing is wrong.' : `${plural(problems, 'problem')}.`;
  return `${terminal.table(['', 'CHECK', 'FOUND'], rows, '')}\n\n${sum}`;
}
