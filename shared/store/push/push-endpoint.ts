import { z } from 'zod';
import { clientEventTypes, operatorEventTypes } from '../../contract/event-type.ts';
import { jsonText } from '../../contract/json-text.ts';
import type { WrapContext } from '../../sealing/key-wrap.ts';
import { storedSecret } from '../clients/signing-secrets.ts';

/** Whose events and endpoints those of the operators are: no client's id is this. */
export const OPERATORS = 'operators';

/** A receiver that a client has beside its callback, as the client's hash keeps it; or one of the operators. */
const storedEndpoint = z.object({
  id: z.string(),
  url: z.string(),
  types: z.array(z.enum([...clientEventTypes, ...Object.values(operatorEventTypes)])),
  ratePerSecond: z.number().nullable(),
  enabled: z.boolean(),
  /** ms epoch */
  createdAt: z.number(),
  /** Newest first. */
  secrets: z.array(storedSecret),
});
export type PushEndpoint = Readonly<z.infer<typeof storedEndpoint>>;

const endpointsJson = jsonText(z.array(storedEndpoint));

/** The field of the client's hash. One that cannot be read must not keep the client's callback from its events. */
export const storedEndpoints = endpointsJson.optional().catch(undefined);

/** @throws ZodError */
export const parseEndpoints = (text: string): PushEndpoint[] =>
  text === '' ? [] : endpointsJson.parse(text);

/** No secret of one client or endpoint opens as that of another. */
export const endpointSecretContext = (clientId: string, endpointId: string): WrapContext => ({
  owner: `${clientId} ${endpointId}`,
  purpose: 'webhook-secret',
});
