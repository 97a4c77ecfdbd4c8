import { afterEach, describe, expect, test } from 'vitest';
import { createSandbox } from '../../sandbox/app.ts';
import { type Chain, startChain } from '../support/chain.ts';

let chain: Chain;
afterEach(() => chain.stop());

describe('an upstream that cannot be reached', () => {
  test('burns no verification: they wait with backoff and finish once it is back', async () => {
    // No server listens there yet.
    const reserved = await createSandbox({ host: '127.0.0.1', port: 0, secretId: 'x', secretKey: 'y' });
    const { port } = reserved;
    await reserved.close();
    chain = await startChain({
      environment: {
        FACEID_ENDPOINT: `http://127.0.0.1:${port}`,
        RETRIES: '50',
        RETRY_BASE: '100ms',
        SLOW_PROBE_INTERVAL: '300ms',
      },
    });
    const submitted = await Promise.all(Array.from({ length: 5 }, () => chain.submit()));
    const first = submitted[0]?.id ?? '';
    await chain.log.line(
      (line) => line['event'] === 'attempt' && line['code'] === 'Veriqueue.ConnectionFailed',
    );
    expect((await chain.verification(first)).outcome).toBeNull();
    const upstream = await createSandbox({
      host: '127.0.0.1',
      port,
      secretId: 'sandbox-secret-id',
      secretKey: 'sandbox-secret-key',
      latencyMs: { min: 1, max: 5 },
    });
    try {
      await chain.receiver.accept(5, 45_000);
      for (const { id } of submitted) {
        expect((await chain.verification(id)).outcome).toMatchObject({
          verdict: 'match',
          possiblyBilledAgain: false,
        });
      }
      expect(upstream.stats().accepted).toBe(5);
    } finally {
      await upstream.close();
    }
  });
});
