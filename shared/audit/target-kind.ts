import type { TargetKind } from './audit-entry.ts';

/** In this order: a key belongs to a client, and its action names both. */
const BY_ACTION: readonly (readonly [RegExp, TargetKind])[] = [
  [/operator|sign/, 'operator'],
  [/account/, 'account'],
  [/endpoint/, 'endpoint'],
  [/key/, 'key'],
  [/client|secret|origin|callback|weight|budget/, 'client'],
  [/audit/, 'audit'],
];

/** What an action was done to, by its id and, where that says nothing, by its name. */
export function kindOfTarget(action: string, target: string | null): TargetKind {
  if (target?.startsWith('ver_')) return 'verification';
  if (target?.startsWith('cli_') && target.includes(' ')) return 'endpoint';
  const [, kind] = BY_ACTION.find(([pattern]) => pattern.test(action)) ?? [];
  if (kind !== undefined) return kind;
  return target?.startsWith('cli_') ? 'client' : 'lane';
}
