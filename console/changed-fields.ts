/**
 * Of what a form gives, that which differs from what it showed. A page that was opened before another operator, or the client
 * itself, changed something must not change that back when something else is saved.
 *
 * @param shown what stands in the form before anything is typed; it may hold more
 */
export function selectChanged<T extends object>(given: T, shown: T): Partial<T> {
  const isChanged = (name: keyof T) => JSON.stringify(given[name]) !== JSON.stringify(shown[name]);
  const changed = Object.entries(given).filter(([name]) => isChanged(name as keyof T));
  return Object.fromEntries(changed) as Partial<T>;
}
