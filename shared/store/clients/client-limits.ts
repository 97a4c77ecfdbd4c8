import { z } from 'zod';

export const MAX_LIMIT = 999_999_999;

/**
 * A limit in the client's hash, which scripts read too (`fragments/client-cap.lua`). One that is absent or makes no sense is
 * none of the client's own.
 */
export const storedLimit = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .nullable()
  .catch(null);
