/** The `type` of a problem (RFC 9457): the path of a page about it, on the server that answered. */
export const problemType = (code: string): string => `/problems/${code}`;
