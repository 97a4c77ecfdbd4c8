/**
 * What an API key may be allowed to do. A key of its own for each part of an application keeps a stolen one harmless. Apart from
 * the schemas, because the console's pages know them too, and need no parser.
 */
export const API_KEY_SCOPES = ['submit', 'read', 'manage'] as const;
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

/** What a key may do that was made without a word about it, as every key could before there were scopes. */
export const DEFAULT_SCOPES: readonly ApiKeyScope[] = ['submit', 'read'];
