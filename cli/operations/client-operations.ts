import type { NewApiKeyRequest } from '../../shared/contract/api-key.ts';
import type { ClientErasureReceipt } from '../../shared/contract/client-receipt.ts';
import type { PromisesAtRisk } from '../../shared/contract/promises-at-risk.ts';
import type { ClientBudget } from '../../shared/contract/usage.ts';
import type { ClientChange } from '../../shared/store/clients/change-client.ts';
import type { ClientCredentials, NewClient } from '../../shared/store/clients/create-client.ts';
import type { ClientDeletion } from '../../shared/store/clients/delete-client.ts';
import type { ClientDescription } from '../../shared/store/clients/describe-client.ts';
import type { MadeTestKey } from '../../shared/store/clients/test-client.ts';

export interface ShownClient {
  readonly client: ClientDescription;
  /** What is spent of its budget; null without one. */
  readonly budgetUse: ClientBudget | null;
}

export interface ChangedClient extends ShownClient {
  /** Events that had waited for the new settings and are sent; null when none could have, or the producer sends them. */
  readonly releasedEvents: number | null;
  /** Null when the change gave no weight, or the producer's version does not say. */
  readonly promisesAtRisk: PromisesAtRisk | null;
}

export interface RotatedSecret {
  readonly webhookSecret: string;
  /** RFC 3339 */
  readonly previousSignsUntil: string;
}

/**
 * What operators do with clients, whichever way.
 *
 * @throws {CommandFailure} when there is no such client, or it cannot be read
 */
export interface ClientOperations {
  /** For questions, as `Operations.at`. */
  readonly at: string;
  list(): Promise<readonly ClientDescription[]>;
  show(clientId: string): Promise<ShownClient>;
  create(client: Omit<NewClient, 'now'>): Promise<ClientCredentials>;
  change(clientId: string, change: ClientChange): Promise<ChangedClient>;
  /** What another weight would do to promises that were given; changes nothing. */
  weigh(clientId: string, weight: number): Promise<PromisesAtRisk>;
  /** One more API key, which may do no more than is asked for. */
  addKey(clientId: string, wanted: NewApiKeyRequest): Promise<MadeTestKey>;
  /** @returns the beginning of the key that is refused from now on */
  revokeKey(clientId: string, prefix: string): Promise<string>;
  rotateSecret(clientId: string, overlapMs: number): Promise<RotatedSecret>;
  /** What a deletion would meet. */
  countOpenWork(clientId: string): Promise<{ readonly waiting: number; readonly undelivered: number }>;
  delete(
    clientId: string,
    options: { readonly cancel: boolean },
  ): Promise<Exclude<ClientDeletion, { status: 'missing' }>>;
  /** Signed; also after the client was deleted. */
  receipt(clientId: string): Promise<ClientErasureReceipt>;
}
