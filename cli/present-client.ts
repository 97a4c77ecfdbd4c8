import { DEFAULT_SCOPES } from '../shared/contract/api-key-scope.ts';
import { plural } from '../shared/contract/plural.ts';
import type { ClientBudget } from '../shared/contract/usage.ts';
import type { ApiKeyDescription, ClientDescription } from '../shared/store/clients/describe-client.ts';
import { presentApiKey } from '../shared/store/clients/present-api-key.ts';
import { describeBudget } from './present-budget.ts';
import { formatTime, type Terminal } from './terminal.ts';

const instant = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** A client as JSON: times in RFC 3339. */
export function presentClient(client: ClientDescription): Record<string, unknown> {
  return {
    ...client,
    createdAt: instant(client.createdAt),
    apiKeys: client.apiKeys.map(presentApiKey),
    webhookSecrets: client.webhookSecrets.map(({ retiresAt }) => ({ retiresAt: instant(retiresAt) })),
  };
}

export function listText(terminal: Terminal, clients: readonly ClientDescription[]): string {
  const rows = clients.map((client) => [
    client.id,
    client.name,
    client.disabled ? 'disabled' : 'enabled',
    String(client.weight),
    String(client.apiKeys.length),
    client.callbackUrl ?? '-',
  ]);
  return terminal.table(['CLIENT', 'NAME', 'STATE', 'WEIGHT', 'KEYS', 'CALLBACK'], rows, 'No clients.');
}

function describeCap(cap: number | null): string {
  if (cap === null) return 'as CLIENT_MAX_WAITING says';
  return cap === 0 ? 'no limit' : String(cap);
}

export function showText(terminal: Terminal, client: ClientDescription, budget: ClientBudget | null): string {
  const secrets = client.webhookSecrets.map(({ retiresAt }) =>
    retiresAt === null ? 'current' : `until ${formatTime(retiresAt)}`,
  );
  return terminal.pairs({
    client: client.id,
    name: client.name,
    state: client.disabled ? 'disabled' : 'enabled',
    weight: String(client.weight),
    'max waiting': describeCap(client.maxWaiting),
    ...describeBudget(budget),
    created: client.createdAt === null ? '-' : formatTime(client.createdAt),
    callback: `${client.callbackUrl ?? '-'}${client.choseCallback ? ' (its own choice)' : ''}`,
    origins: client.allowedOrigins.join(' ') || '-',
    'API keys': client.apiKeys.map(describeKey).join(', '),
    'webhook secrets': secrets.join(', '),
    'self-service': describeSelfService(client.selfService),
  });
}

function describeSelfService({
  enabled,
  maxApiKeys,
  maxEndpoints,
}: ClientDescription['selfService']): string {
  if (!enabled) return 'off';
  const limits = [
    ...(maxApiKeys === null ? [] : [plural(maxApiKeys, 'key')]),
    ...(maxEndpoints === null ? [] : [plural(maxEndpoints, 'endpoint')]),
  ];
  return limits.length === 0 ? 'on' : `on, up to ${limits.join(' and ')}`;
}

/** Its beginning, and what is not as with every key: `vq_0a1b2c… (made 2026-03-01 08:00, read only, until …)`. */
function describeKey({
  prefix,
  createdAt,
  scopes,
  expiresAt,
  addresses,
  lastUsedAt,
  madeWith,
}: ApiKeyDescription): string {
  const isUsual =
    scopes.length === DEFAULT_SCOPES.length && DEFAULT_SCOPES.every((one) => scopes.includes(one));
  const facts = [
    formatTime(createdAt),
    ...(madeWith === null ? [] : [`made with ${madeWith}…`]),
    ...(isUsual ? [] : [scopes.join('+')]),
    ...(expiresAt === null ? [] : [`until ${formatTime(expiresAt)}`]),
    ...(addresses.length === 0 ? [] : [`from ${addresses.join(' ')}`]),
    lastUsedAt === null ? 'not used' : `used ${formatTime(lastUsedAt)}`,
  ];
  return `${prefix}… (${facts.join(', ')})`;
}
