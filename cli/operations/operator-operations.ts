import type { RotatedSecret } from '../../shared/contract/endpoint.ts';
import type {
  NewOperatorEndpoint,
  NewOperatorEndpointAnswer,
  OperatorEndpoint,
  OperatorEndpointChange,
} from '../../shared/contract/operator-endpoint.ts';
import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import type { OperatorDescription } from '../../shared/store/operators/operator-use.ts';
import type { OperatorIdentity } from '../../shared/store/operators/operators.ts';

export interface RevocationOptions {
  /** Also the key that the command itself uses. */
  readonly evenOwn: boolean;
  /** Also the last one that may change things. */
  readonly evenLast: boolean;
}

/** What came of adding or revoking a key, if not what was asked for. */
export type OperatorRefusal = 'name_taken' | 'too_many' | 'missing' | 'own_key' | 'last_full_key';

export type AddedOperator =
  | { readonly status: 'added'; readonly operatorKey: string }
  | { readonly status: 'name_taken' | 'too_many' };

/** With its secret, which is shown once. */
export type AddedEndpoint = Pick<NewOperatorEndpointAnswer, 'id' | 'url' | 'secret'>;

/**
 * What operators do with operators' keys, whichever way.
 *
 * @throws {CommandFailure} over the API; whatever ioredis throws on Redis
 */
export interface OperatorOperations {
  /** For questions, as `Operations.at`. */
  readonly at: string;
  /** By name, and the name of the operator whose key the command uses: null on Redis. */
  list(): Promise<{ readonly operators: readonly OperatorDescription[]; readonly self: string | null }>;
  /** The key is shown once. */
  add(operator: OperatorIdentity): Promise<AddedOperator>;
  listEndpoints(): Promise<readonly OperatorEndpoint[]>;
  /** @throws {CommandFailure} when there are too many */
  addEndpoint(endpoint: NewOperatorEndpoint): Promise<AddedEndpoint>;
  /** @throws {CommandFailure} when there is none */
  changeEndpoint(id: string, change: OperatorEndpointChange): Promise<OperatorEndpoint>;
  /** @param overlapSeconds a day unless given @throws {CommandFailure} when there is none */
  rotateEndpointSecret(id: string, overlapSeconds: number | undefined): Promise<RotatedSecret>;
  /** Has a worker send a test event. @throws {CommandFailure} when there is none, or no worker has sent it */
  testEndpoint(id: string): Promise<TestDelivery>;
  /** @throws {CommandFailure} when there is none */
  removeEndpoint(id: string): Promise<void>;
  revoke(
    name: string,
    options: RevocationOptions,
  ): Promise<'revoked' | Exclude<OperatorRefusal, 'name_taken' | 'too_many'>>;
}
