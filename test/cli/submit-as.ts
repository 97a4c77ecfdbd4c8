import type { Verification } from '../../shared/contract/verification.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import type { Chain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

/** Submits a person for another client than the chain's own. */
export async function submitAs(chain: Chain, client: ClientCredentials): Promise<Verification> {
  const answer = await chain.call('/v1/verifications', {
    as: client,
    method: 'POST',
    body: JSON.stringify(makeSubmission(makePerson())),
    headers: { 'content-type': 'application/json' },
  });
  if (answer.status === 202) return (await answer.json()) as Verification;
  throw new Error(`Cannot submit: the answer must be 202, received ${answer.status}`);
}
