import type { AccountKeys, StoreKeys } from '../../shared/store/keys.ts';

/** All keys of a store or an account but BullMQ's, with `parts` in the places that differ from key to key. */
export function spellOwnKeys(keys: StoreKeys | AccountKeys, ...parts: readonly string[]): string[] {
  return Object.entries(keys).flatMap(([name, spell]) =>
    typeof spell === 'function' && !/^(?:queue|job)/.test(name)
      ? [String((spell as (...given: readonly string[]) => string)(...parts))]
      : [],
  );
}
