import { z } from 'zod';

/** The operator who uses the key of the environment. No other may have this name. */
export const ENVIRONMENT_OPERATOR = 'environment';

/** Letters, digits and `. _ @ -`: a name stands in logs, in commands and in a list of columns. */
export const operatorName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,39}$/u)
  .refine((name) => name !== ENVIRONMENT_OPERATOR, {
    params: { code: 'reserved_name' },
    error: `must not be ${ENVIRONMENT_OPERATOR}, which stands for OPERATOR_KEY`,
  });

const count = z.number().int().nonnegative();
const instant = z.iso.datetime();

const use = {
  lastUsedAt: instant.nullable().describe('a minute late at most; null: not since it is written down'),
  sessions: count.describe('sessions of the console that were begun with it and stand'),
};

export const consoleOperators = z.strictObject({
  data: z
    .array(
      z.strictObject({
        name: z.string(),
        readOnly: z.boolean(),
        prefix: z.string().describe('the visible beginning of the key'),
        createdAt: instant,
        ...use,
      }),
    )
    .describe('by name'),
  self: z.string().describe('the operator who asks'),
  environment: z.strictObject(use).describe('the key that the producers have in `OPERATOR_KEY`'),
});
export type ConsoleOperators = z.infer<typeof consoleOperators>;

export const newOperatorRequest = z.strictObject({
  name: z.string().trim().pipe(operatorName),
  readOnly: z.boolean().default(false),
});

/** What is shown once. */
export interface ConsoleNewOperator {
  readonly name: string;
  readonly readOnly: boolean;
  readonly operatorKey: string;
}

const flag = z.enum(['true', 'false']).default('false');
/** Each says that its user was warned. */
export const revocationQuery = z.strictObject({
  evenOwn: flag.describe('also the key that this request is made with'),
  evenLast: flag.describe('also the last one that may change things'),
});
