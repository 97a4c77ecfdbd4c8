import { ApiError } from '../client/veriqueue.ts';
import { EnvironmentError } from '../shared/config/environment.ts';
import { describeRedisError } from '../shared/store/redis/failure.ts';

/** What went wrong, for people; line ends may be in it. */
export function describeError(error: unknown): string {
  if (error instanceof EnvironmentError) return error.message;
  if (error instanceof ApiError) return describeApiError(error);
  if (error instanceof Error && error.name === 'AbortError') return 'Interrupted';
  return describeRedisError(error);
}

/** With the rule that each field breaks, or what the server says of this request; the client's own message has the codes alone. */
function describeApiError({ message, title, detail, errors }: ApiError): string {
  const rules = errors.map(({ pointer, detail }) => `${pointer} ${detail}`.trim());
  if (rules.length > 0) return `${title}: ${rules.join('; ')}`;
  return detail === null ? message : `${message}. ${detail}`;
}
