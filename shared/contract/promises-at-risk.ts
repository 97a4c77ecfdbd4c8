import { z } from 'zod';

const count = z.number().int().nonnegative();

/** What another weight of a client does to promises that were given before: whose `completesBy` may now be missed. */
export const promisesAtRisk = z.object({
  verifications: count.describe('of all clients; where a line was sampled, as many as the sample stands for'),
  clients: count.describe('whose verifications they are'),
  isSampled: z
    .boolean()
    .describe('a line was too long to compare each of it, or more clients wait than were compared'),
  data: z
    .array(
      z.object({
        clientId: z.string(),
        verifications: count,
        waiting: count.describe('its verifications in line'),
        laterSeconds: z.number().describe('by how much the promise that fares worst may be missed'),
      }),
    )
    .describe('the clients with most of them first; 20 at most'),
});
export type PromisesAtRisk = z.infer<typeof promisesAtRisk>;
