/**
 * Why a connection failed, in a word: the system's code where an error has one, such as ECONNREFUSED, because `fetch` itself
 * says nothing but that it failed.
 */
export function causeOf(error: unknown): string {
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    if ('code' in link && typeof link.code === 'string') return link.code;
    if (link.name === 'TimeoutError') return 'no answer in time';
  }
  return error instanceof Error ? error.name : 'an unknown error';
}
