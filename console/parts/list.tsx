import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from '../api.tsx';
import { changes } from '../state.tsx';
import { texts } from '../texts/texts.tsx';

interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

export interface PagedList<T, P extends Page<T>> {
  readonly rows: readonly T[];
  /** The last page that was read; null before the first. */
  readonly page: P | null;
  readonly failure: string;
  readonly isReading: boolean;
  readonly readMore: () => Promise<void>;
}

/**
 * A list that is read page by page, and again from the beginning when its path or version changes, or when the operator
 * changed something.
 */
export function usePagedList<T, P extends Page<T>>(path: string, version = 0): PagedList<T, P> {
  const rows: Signal<readonly T[]> = useSignal([]);
  const page: Signal<P | null> = useSignal(null);
  const failure = useSignal('');
  const isReading = useSignal(true);
  const change = changes.value;
  const read = async (cursor: string | null, isWanted: () => boolean) => {
    isReading.value = true;
    const joint = path.includes('?') ? '&' : '?';
    const next = cursor === null ? '' : `${joint}cursor=${encodeURIComponent(cursor)}`;
    const answer = await call<P>('GET', `${path}${next}`);
    if (!isWanted()) return;
    isReading.value = false;
    failure.value = answer.ok ? '' : texts.value.cannotRead(answer.reason);
    if (!answer.ok) return;
    page.value = answer.value;
    rows.value = cursor === null ? answer.value.data : [...rows.value, ...answer.value.data];
  };
  useEffect(() => {
    let left = false;
    void read(null, () => !left);
    return () => {
      left = true;
    };
  }, [path, change, version]);
  return {
    rows: rows.value,
    page: page.value,
    failure: failure.value,
    isReading: isReading.value,
    readMore: () => read(page.value?.nextCursor ?? null, () => true),
  };
}

/** One thing that is read from the server, again when its path changes, something was changed, or time has passed. */
export function useRead<T>(
  path: string,
  everyMs?: number,
): { value: T | null; failure: string; status: number } {
  const value = useSignal<T | null>(null);
  const failure = useSignal('');
  const status = useSignal(200);
  const change = changes.value;
  useEffect(() => {
    let left = false;
    const read = async () => {
      const answer = await call<T>('GET', path);
      if (left) return;
      failure.value = answer.ok ? '' : texts.value.cannotRead(answer.reason);
      status.value = answer.ok ? 200 : answer.status;
      if (answer.ok) value.value = answer.value;
    };
    void read();
    const timer = everyMs === undefined ? undefined : setInterval(() => void read(), everyMs);
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, [path, change]);
  return { value: value.value, failure: failure.value, status: status.value };
}
