import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import type { KeyRing } from '../../sealing/key-ring.ts';
import { unwrapSecret, type WrapContext } from '../../sealing/key-wrap.ts';
import type { ClientAuth } from '../../webhook/client-auth.ts';

/**
 * How a client's receivers know the sender beside the signature, as its hash keeps it. Each part is sealed by itself: a producer
 * that only seals can still replace one of them. In a field of its own, so that a version before, which does not know it, leaves it
 * as it is when it changes an endpoint.
 */
const storedReceiverAuth = z.object({
  /** What it was given for: it is sent nowhere else. */
  origin: z.string(),
  headers: z.object({ names: z.array(z.string()), sealed: z.string() }).optional(),
  basic: z.object({ sealed: z.string() }).optional(),
  certificate: z
    .object({
      /** SHA-256, in hex. */
      fingerprint: z.string(),
      /** ms epoch */
      expiresAt: z.number(),
      sealed: z.string(),
    })
    .optional(),
});
export type StoredReceiverAuth = z.infer<typeof storedReceiverAuth>;

/** By {@link CALLBACK}, or the id of an endpoint. */
const receiverAuthsJson = jsonText(z.record(z.string(), storedReceiverAuth));

/** The field of the client's hash. One that cannot be read must not keep the client's keys from their use. */
export const storedReceiverAuths = receiverAuthsJson.optional().catch(undefined);

export const CALLBACK = 'callback';

/** @throws ZodError */
export const parseReceiverAuths = (text: string): Record<string, StoredReceiverAuth> =>
  text === '' ? {} : receiverAuthsJson.parse(text);

export type AuthPart = 'headers' | 'basic' | 'certificate';

/** No part of one receiver opens as that of another, nor as another part. */
export const authContext = (clientId: string, receiver: string, part: AuthPart): WrapContext => ({
  owner: `${clientId} ${receiver} ${part}`,
  purpose: 'receiver-auth',
});

/** In clear, or that the ring does not open it: then nothing may be sent without it. */
export type AuthOpening =
  | { readonly status: 'opened'; readonly auth: ClientAuth | null }
  | { readonly status: 'unreadable' };

const headersJson = jsonText(z.record(z.string(), z.string()));
const basicJson = jsonText(z.string());
const certificateJson = jsonText(z.object({ certificate: z.string(), key: z.string() }));

/** What is sent to a URL of this receiver; nothing where it was given for another origin. */
export function openReceiverAuth(
  keyRing: KeyRing,
  { clientId, receiver, url }: { readonly clientId: string; readonly receiver: string; readonly url: string },
  stored: StoredReceiverAuth | undefined,
): AuthOpening {
  if (stored === undefined || new URL(url).origin !== stored.origin) return { status: 'opened', auth: null };
  const open = <T>(part: AuthPart, sealed: string | undefined, schema: z.ZodType<T, string>): T | null => {
    if (sealed === undefined) return null;
    const opening = unwrapSecret(
      keyRing,
      authContext(clientId, receiver, part),
      Buffer.from(sealed, 'base64'),
    );
    if (opening.status !== 'opened') throw new UnreadableAuth();
    return schema.parse(opening.bytes.toString('utf8'));
  };
  try {
    const basic = open('basic', stored.basic?.sealed, basicJson);
    const certificate = open('certificate', stored.certificate?.sealed, certificateJson);
    return {
      status: 'opened',
      auth: {
        headers: {
          ...open('headers', stored.headers?.sealed, headersJson),
          ...(basic === null ? {} : { authorization: basic }),
        },
        clientCertificate: certificate && {
          ...certificate,
          fingerprint: stored.certificate?.fingerprint ?? '',
          expiresAt: stored.certificate?.expiresAt ?? 0,
        },
      },
    };
  } catch (error) {
    if (error instanceof UnreadableAuth || error instanceof z.ZodError) return { status: 'unreadable' };
    throw error;
  }
}

class UnreadableAuth extends Error {}
