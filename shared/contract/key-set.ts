import { z } from 'zod';

/** An Ed25519 public key as RFC 8037 spells it. */
const publishedKey = z.strictObject({
  kty: z.literal('OKP').describe('an octet key pair'),
  crv: z.literal('Ed25519').describe('its curve'),
  x: z.string().describe('the public key: 32 bytes in Base64url'),
  kid: z.string().describe('which of the deployment’s keys this is'),
  alg: z.literal('EdDSA').describe('how it signs'),
  use: z.literal('sig').describe('it verifies signatures'),
});

/** A JSON Web Key Set (RFC 7517). */
export const keySet = z
  .strictObject({
    keys: z.array(publishedKey).describe('newest first; empty where the deployment signs with none'),
  })
  .meta({ id: 'KeySet' });
export type KeySet = z.infer<typeof keySet>;
