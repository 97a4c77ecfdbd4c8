import { z } from 'zod';

/** Headers of a client's own that a receiver may ask for. */
const MOST_HEADERS = 10;

/** How a receiver knows the sender beside the signature. Write-only: what is given replaces that part, null takes it away. */
export const receiverAuthChange = z
  .strictObject({
    headers: z
      .record(z.string().min(1).max(64), z.string().min(1).max(1_024))
      .refine((headers) => Object.keys(headers).length <= MOST_HEADERS, {
        params: { code: 'too_many_headers' },
        error: `must have at most ${MOST_HEADERS} headers`,
      })
      .nullable()
      .optional()
      .describe('headers that are sent with each event, by their names; null: none'),
    basic: z
      .strictObject({
        username: z.string().min(1).max(256).describe('without a colon'),
        password: z.string().max(1_024),
      })
      .nullable()
      .optional()
      .describe('user name and password for `Authorization: Basic`; null: none'),
    clientCertificate: z
      .strictObject({
        certificate: z.string().min(1).max(8_000).describe('PEM, with the chain behind it'),
        key: z.string().min(1).max(4_000).describe('its private key: PEM, not encrypted'),
      })
      .nullable()
      .optional()
      .describe(
        'what is shown to a receiver that asks for a certificate of the sender (mutual TLS); null: none',
      ),
  })
  .meta({ id: 'ReceiverAuthChange' });
export type ReceiverAuthChange = z.infer<typeof receiverAuthChange>;

/** What of it is shown. */
export const receiverAuth = z
  .strictObject({
    origin: z.string().describe('the only origin that it is sent to: that of the URL for which it was given'),
    headers: z.array(z.string()).describe('names of the headers that are sent; never their values'),
    basic: z.boolean().describe('whether user name and password are sent'),
    clientCertificate: z
      .strictObject({
        fingerprint: z.string().describe('SHA-256 of the certificate, in hex'),
        expiresAt: z.iso.datetime().describe('until when the certificate is valid'),
        expiresSoon: z.boolean().describe('within 30 days, or it has expired'),
      })
      .nullable()
      .describe('the certificate that is shown to the receiver'),
  })
  .meta({ id: 'ReceiverAuth' });
export type ReceiverAuth = z.infer<typeof receiverAuth>;
