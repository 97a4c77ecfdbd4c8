import { z } from 'zod';
import { type ApiError, apiErrors } from './api-error.ts';

/** The API page, section 2: `Extra` holds 1 to 10 characters. */
const EXTRA_MAX_CHARACTERS = 10;

/** The data type "Encryption" of the API page; `Algorithm` defaults to AES-256-CBC, `TagList` belongs to SM4-GCM. */
const Encryption = z.strictObject({
  EncryptList: z.array(z.string()),
  CiphertextBlob: z.string(),
  Iv: z.string(),
  Algorithm: z.string().optional(),
  TagList: z.array(z.string()).optional(),
});
export type Encryption = z.output<typeof Encryption>;

const Question = z.strictObject({
  IdCard: z.string(),
  Name: z.string(),
  ImageBase64: z.string(),
  Optional: z.string().optional(),
  Extra: z
    .string()
    .refine((text) => text.length > 0 && [...text].length <= EXTRA_MAX_CHARACTERS)
    .optional(),
  Encryption: Encryption.optional(),
});
/** The parameters of `ImageRecognitionV2`, still encrypted where the caller encrypted them. */
export type Question = z.output<typeof Question>;

export type ParsedQuestion =
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'refused'; readonly error: ApiError };

/** The gateway's own names for JSON types. */
const TYPE_NAMES: Readonly<Record<string, string>> = { array: 'list' };

/** SDKs send what was left out as null. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null)
      .map(([key, child]) => [key, withoutNulls(child)]),
  );
}

function toApiError(issue: z.core.$ZodIssue): ApiError {
  const name = issue.path.join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return apiErrors.unknownParameter([...issue.path, issue.keys[0] ?? ''].join('.'));
    case 'invalid_type':
      if (name === '') return apiErrors.malformedJson;
      if (issue.input === undefined) return apiErrors.missingParameter(name);
      return apiErrors.wrongType(name, TYPE_NAMES[issue.expected] ?? issue.expected);
    default:
      return apiErrors.invalidParameterValue(name);
  }
}

/** Checks the parameters as the gateway does before the action runs; the refusal names a parameter, never a value. */
export function parseQuestion(parameters: unknown): ParsedQuestion {
  const parsed = Question.safeParse(withoutNulls(parameters), { reportInput: true });
  if (parsed.success) return { kind: 'question', question: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: 'refused', error: issue === undefined ? apiErrors.malformedJson : toApiError(issue) };
}
