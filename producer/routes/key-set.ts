import type { FastifyInstance } from 'fastify';
import { type KeySet, keySet } from '../../shared/contract/key-set.ts';
import { presentKeySet } from '../../shared/signing/jwks.ts';
import type { SigningKeys } from '../../shared/signing/signing-keys.ts';
import { problemResponses } from '../openapi/problem-responses.ts';

/** Public keys are for everyone: no API key is asked for. */
export function addKeySetRoute(
  app: FastifyInstance,
  { signingKeys }: { readonly signingKeys: SigningKeys | undefined },
): void {
  const published: KeySet = signingKeys === undefined ? { keys: [] } : presentKeySet(signingKeys);
  app.route({
    method: 'GET',
    url: '/.well-known/jwks.json',
    schema: {
      operationId: 'getKeySet',
      tags: ['Service'],
      summary: 'Show the public keys of the deployment',
      description:
        'A JSON Web Key Set. Each `v1a` signature of an event is by one of these keys; a receiver that verifies with them holds no secret. Read it again when no key fits, because keys are replaced. Needs no API key.',
      security: [],
      response: { 200: keySet.describe('The keys'), ...problemResponses('getKeySet') },
    },
    handler: async () => published,
  });
}
