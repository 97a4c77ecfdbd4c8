import { openOperatorApi } from '../access/operator-api.ts';
import { type CliContext, withConnection } from '../context.ts';
import { apiClientOperations } from './api-client-operations.ts';
import { apiOperations } from './api-operations.ts';
import { apiOperatorOperations } from './api-operator-operations.ts';
import type { ClientOperations } from './client-operations.ts';
import type { Operations } from './operations.ts';
import type { OperatorOperations } from './operator-operations.ts';

/** Runs a command's work over the operators' API when there is a key for it, else on Redis. */
export async function withOperations<T>(
  context: CliContext,
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const access = await context.findOperatorAccess();
  if (access !== null) return work(apiOperations(openOperatorApi(access, context.interrupted)));
  return withConnection(context, async (connection) => {
    // Loaded when it is needed, as the connection is.
    const { redisOperations } = await import('./redis-operations.ts');
    const { auditedOperations } = await import('./audited-operations.ts');
    return work(auditedOperations(connection, redisOperations(context, connection)));
  });
}

/** The same for clients. */
export async function withClients<T>(
  context: CliContext,
  work: (clients: ClientOperations) => Promise<T>,
): Promise<T> {
  const access = await context.findOperatorAccess();
  if (access !== null) return work(apiClientOperations(openOperatorApi(access, context.interrupted)));
  return withConnection(context, async (connection) => {
    const { redisClientOperations } = await import('./redis-client-operations.ts');
    const { auditedClientOperations } = await import('./audited-operations.ts');
    return work(auditedClientOperations(connection, redisClientOperations(context, connection)));
  });
}

/** The same for operators' keys. */
export async function withOperators<T>(
  context: CliContext,
  work: (operators: OperatorOperations) => Promise<T>,
): Promise<T> {
  const access = await context.findOperatorAccess();
  if (access !== null) return work(apiOperatorOperations(openOperatorApi(access, context.interrupted)));
  return withConnection(context, async (connection) => {
    const { redisOperatorOperations } = await import('./redis-operator-operations.ts');
    return work(redisOperatorOperations(context, connection));
  });
}
