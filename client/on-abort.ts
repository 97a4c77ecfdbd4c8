const watched = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when a signal is aborted. However many calls share a signal, it has one listener of ours: Node warns of
 * a leak where it counts more than ten.
 *
 * @returns ends that
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  // Each is a function of its own, so that the same callback may be given twice.
  const call = () => callback();
  const callbacks = watched.get(signal) ?? watch(signal);
  callbacks.add(call);
  return () => callbacks.delete(call);
}

function watch(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  const abort = () => {
    for (const callback of [...callbacks]) callback();
  };
  signal.addEventListener('abort', abort, { once: true });
  watched.set(signal, callbacks);
  return callbacks;
}
