import type { ApiKeyScope } from '../../shared/contract/api-key-scope.ts';
import { REFUSED_METHOD } from '../method-not-allowed.ts';
import { isOperationId, OPERATIONS } from '../openapi/operations.ts';

/**
 * The scope that a key needs for an operation; null: any key will do. What is not in the table needs `manage`, so that a route
 * that is added later is not open to every key by an oversight.
 *
 * @param operationId of the route's schema
 */
export function requiredScope(operationId: string | undefined): ApiKeyScope | null {
  if (operationId === REFUSED_METHOD) return null;
  return operationId !== undefined && isOperationId(operationId) ? OPERATIONS[operationId].scope : 'manage';
}
