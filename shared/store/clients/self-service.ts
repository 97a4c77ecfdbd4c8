import { z } from 'zod';
import { storedLimit } from './client-limits.ts';

/** What a client may change of itself with a key that has the scope `manage`. */
export interface SelfService {
  /** False: it may look at everything and change nothing; its operator does. */
  readonly enabled: boolean;
  /** Live API keys, and as many test keys; null: as many as `CLIENT_MAX_API_KEYS` says. */
  readonly maxApiKeys: number | null;
  /** Endpoints beside its callback; null: as many as `CLIENT_MAX_ENDPOINTS` says. */
  readonly maxEndpoints: number | null;
}

/** Of the client's hash. One that is absent is as with every client. */
export const storedSelfService = {
  selfService: z.literal('off').optional().catch('off'),
  maxApiKeys: storedLimit,
  maxEndpoints: storedLimit,
};

const fields = z.object(storedSelfService);
export const SELF_SERVICE_FIELDS = ['selfService', 'maxApiKeys', 'maxEndpoints'] as const;

export function selfServiceOf({
  selfService,
  maxApiKeys,
  maxEndpoints,
}: z.infer<typeof fields>): SelfService {
  return { enabled: selfService !== 'off', maxApiKeys, maxEndpoints };
}

/** @param texts of {@link SELF_SERVICE_FIELDS}, in their order */
export function readSelfService(texts: readonly (string | null | undefined)[]): SelfService {
  const [selfService, maxApiKeys, maxEndpoints] = texts;
  return selfServiceOf(fields.parse({ selfService: selfService ?? undefined, maxApiKeys, maxEndpoints }));
}
