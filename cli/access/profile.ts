import { z } from 'zod';
import { httpUrl, secretText } from '../../shared/config/shapes.ts';

/** One deployment as a user of this machine knows it: addresses, and the keys to use there. */
export const profile = z.strictObject({
  /** The producer, for users with an API key. */
  url: httpUrl.optional(),
  apiKey: secretText.optional(),
  /** Where the console is; `url` unless given. */
  operatorUrl: httpUrl.optional(),
  operatorKey: z.string().min(1).max(4_096).optional(),
});
export type Profile = z.infer<typeof profile>;

export const profileName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, 'must be 1 to 63 letters, digits, hyphens, dots and underscores');

export const profileBook = z.strictObject({ profiles: z.record(profileName, profile) });
export type ProfileBook = z.infer<typeof profileBook>;
