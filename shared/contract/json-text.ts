import { z } from 'zod';

/** A text that holds JSON of the given shape, as a Redis field or a file keeps it. The text is in no issue. */
export const jsonText = <T extends z.ZodType>(schema: T) =>
  z.string().transform((text, context): z.output<T> => {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON of the expected shape' });
      return z.NEVER;
    }
  });
