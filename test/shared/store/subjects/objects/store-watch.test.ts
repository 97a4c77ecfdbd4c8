import { expect, it } from 'vitest';
import { ObjectStoreFailure } from '../../../../../shared/store/subjects/objects/object-store.ts';
import { createStoreWatch } from '../../../../../shared/store/subjects/objects/store-watch.ts';

/** A watch of a store that is up or away as it is set. */
function makeWatch() {
  const store = { up: true, checks: 0, now: 1_000_000 };
  const lines: string[] = [];
  const touch = async () => {
    if (!store.up) throw new ObjectStoreFailure('away', '503 SlowDown');
  };
  const watch = createStoreWatch({
    check: () => {
      store.checks += 1;
      return touch();
    },
    log: {
      warn: (fields) => lines.push(JSON.stringify(fields)),
      info: (fields) => lines.push(JSON.stringify(fields)),
    },
    now: () => store.now,
  });
  const call = () =>
    watch.run(touch).then(
      () => 'done',
      (error: { until: number }) => `away for ${error.until - store.now}`,
    );
  return { store, watch, call, lines };
}

it('a store that fails is not called for a second, and then once, however many want to', async () => {
  const { store, watch, call } = makeWatch();
  store.up = false;
  expect(await call()).toBe('away for 1000');
  store.now += 400;
  expect(await Promise.all([call(), call()])).toEqual(['away for 600', 'away for 600']);
  expect(store.checks).toBe(0);
  expect(await watch.state()).toEqual({ status: 'away', reason: '503 SlowDown', until: store.now + 600 });
  store.now += 600;
  expect(await Promise.all([call(), call(), call()])).toEqual(Array(3).fill('away for 1000'));
  expect(store.checks).toBe(1);
});

it('a store that is back is used by all that wait for it, and an outage is two lines in the log', async () => {
  const { store, watch, call, lines } = makeWatch();
  store.up = false;
  await call();
  store.now += 1_000;
  await watch.state();
  store.now += 1_000;
  store.up = true;
  expect(await Promise.all([call(), call()])).toEqual(['done', 'done']);
  expect(store.checks).toBe(2);
  expect(await watch.state()).toEqual({ status: 'ready' });
  expect(lines).toEqual([
    '{"event":"photo_store_lost","reason":"503 SlowDown"}',
    '{"event":"photo_store_back","awayMs":2000}',
  ]);
});

it('a store that is not used is asked by a check, and not by each', async () => {
  const { store, watch } = makeWatch();
  await watch.state();
  expect(store.checks).toBe(0);
  await watch.check();
  await watch.check();
  expect(store.checks).toBe(1);
  store.now += 10_000;
  store.up = false;
  expect(await watch.check()).toMatchObject({ status: 'away' });
});

it('an error that is not the store’s passes through, and says nothing about the store', async () => {
  const { watch } = makeWatch();
  await expect(watch.run(() => Promise.reject(new Error('Connection is closed.')))).rejects.toThrow('closed');
  expect(await watch.state()).toEqual({ status: 'ready' });
});
