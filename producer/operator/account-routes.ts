import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { pauseAccounts, resumeAccounts } from '../../shared/account/pause-accounts.ts';
import { type AccountReportDeps, reportAccounts } from '../../shared/account/report-accounts.ts';
import type { AccountReports } from '../../shared/contract/accounts.ts';
import { pauseRequest } from '../../shared/contract/console.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import type { NoteAction } from './note-action.ts';

export interface AccountRouteDeps extends AccountReportDeps {
  readonly note: NoteAction;
}

/** The page has its data in one place; a script looks where the API is. Both take an operator's key. */
export const OPERATORS_ACCOUNTS = '/v1/accounts';
const PREFIXES = ['/console/api/accounts', OPERATORS_ACCOUNTS] as const;

const accountParam = z.object({ name: z.string().regex(/^[a-z0-9-]{1,32}$/) });

/** The accounts behind the queue: what each does, and one of them paused or resumed. */
export function addAccountRoutes(app: FastifyInstance, deps: AccountRouteDeps): void {
  for (const prefix of PREFIXES) addRoutes(app, prefix, deps);
}

function addRoutes(app: FastifyInstance, prefix: string, deps: AccountRouteDeps): void {
  const { redis, keys, note } = deps;
  const nameOf = (params: unknown): string => {
    const parsed = accountParam.safeParse(params);
    if (!parsed.success) throw new ProblemError('not_found');
    return parsed.data.name;
  };
  app.get(prefix, async (): Promise<AccountReports> => ({ data: await reportAccounts(deps) }));
  app.post(`${prefix}/:name/pause`, async (request) => {
    const name = nameOf(request.params);
    const { reason } = parseInput(pauseRequest, request.body ?? {}, 'invalid_request');
    const { status } = await pauseAccounts(redis, keys, { name, reason });
    if (status === 'unknown') throw new ProblemError('not_found');
    const details = { lane: keys.lane, account: name, reason };
    await note(request, { action: 'pause_account', target: name, status, details });
    return { status };
  });
  app.post(`${prefix}/:name/resume`, async (request) => {
    const name = nameOf(request.params);
    const resumption = await resumeAccounts(redis, keys, name);
    const { status } = resumption;
    if (status === 'unknown') throw new ProblemError('not_found');
    const details = { lane: keys.lane, account: name };
    await note(request, { action: 'resume_account', target: name, status, details });
    return resumption;
  });
}
