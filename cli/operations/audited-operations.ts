import { noteAudit } from '../../shared/store/audit/audit-trail.ts';
import { auditOperator } from '../../shared/store/operators/activity.ts';
import { COMMAND_LINE_OPERATOR } from '../../shared/store/operators/operators.ts';
import type { Connection } from '../connection.ts';
import type { ClientOperations } from './client-operations.ts';
import type { Operations } from './operations.ts';

interface Done {
  readonly action: string;
  readonly target: string | null;
  readonly result: string;
}

/** Writes down for the audit trail what a command changed on Redis; a producer or worker puts it into the chain. */
export async function noteCommand({ redis, keys }: Connection, done: Done): Promise<void> {
  await noteAudit(redis, keys, auditOperator({ operator: COMMAND_LINE_OPERATOR, ...done }));
}

/** The same operations, each change written down before its result is shown. */
export function auditedOperations(connection: Connection, operations: Operations): Operations {
  const note = <T>(action: string, target: string | null, change: Promise<T>, name: (result: T) => string) =>
    change.then(async (result) => {
      await noteCommand(connection, { action, target, result: name(result) });
      return result;
    });
  const resumed = (from: readonly string[]) => (from.length === 0 ? 'already_running' : 'resumed');
  return {
    ...operations,
    pauseLane: (reason) => note('pause_lane', null, operations.pauseLane(reason), (status) => status),
    resumeLane: () => note('resume_lane', null, operations.resumeLane(), resumed),
    pauseAccount: (name, reason) =>
      note('pause_account', name, operations.pauseAccount(name, reason), (status) => status),
    resumeAccount: (name) => note('resume_account', name, operations.resumeAccount(name), resumed),
    redeliver: (id) => note('redeliver', id, operations.redeliver(id), () => 'redelivered'),
    holdEndpoint: (endpoint) =>
      note('hold_endpoint', endpoint, operations.holdEndpoint(endpoint), (status) => status),
    enableEndpoint: (endpoint) =>
      note('release_endpoint', endpoint, operations.enableEndpoint(endpoint), ({ status }) => status),
  };
}

/** The same for clients. */
export function auditedClientOperations(connection: Connection, clients: ClientOperations): ClientOperations {
  const note = async <T>(action: string, target: string, change: Promise<T>, status: string) => {
    const result = await change;
    await noteCommand(connection, { action, target, result: status });
    return result;
  };
  return {
    ...clients,
    create: async (client) => {
      const made = await clients.create(client);
      await noteCommand(connection, { action: 'create_client', target: made.clientId, result: 'created' });
      return made;
    },
    change: (id, change) =>
      note('change_client', id, clients.change(id, change), Object.keys(change).join(' ') || 'nothing'),
    addKey: (id, wanted) => note('add_api_key', id, clients.addKey(id, wanted), 'added'),
    revokeKey: (id, prefix) => note('revoke_api_key', id, clients.revokeKey(id, prefix), 'revoked'),
    rotateSecret: (id, overlapMs) =>
      note('rotate_webhook_secret', id, clients.rotateSecret(id, overlapMs), 'rotated'),
    delete: async (id, options) => {
      const deletion = await clients.delete(id, options);
      await noteCommand(connection, { action: 'delete_client', target: id, result: deletion.status });
      return deletion;
    },
  };
}
