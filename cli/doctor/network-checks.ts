import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { causeOf } from '../access/cause-of.ts';
import { type Check, checkClock, ok, problem } from './check.ts';

const TIMEOUT_MS = 5_000;

/** Whether an address takes connections, and brings a certificate that this machine trusts; nothing is sent. */
export async function checkAddress(
  name: string,
  address: string,
  { fix, signal }: { readonly fix: string; readonly signal: AbortSignal },
): Promise<Check> {
  const { protocol, hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isTls = protocol === 'https:';
  const target = { host, port: Number(port || (isTls ? 443 : 80)) };
  const socket = isTls ? connectTls({ ...target, servername: host }) : connectTcp(target);
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal: limit });
    return ok(name, `${address} takes connections from this machine`);
  } catch (error) {
    signal.throwIfAborted();
    return problem(name, `${address} cannot be reached from this machine: ${causeOf(error)}`, fix);
  } finally {
    socket.destroy();
  }
}

/** Whether an HTTP service answers, whatever it says, and what time it has. No credentials go there. */
export async function checkService(
  name: string,
  address: string,
  { fix, signal, now }: { readonly fix: string; readonly signal: AbortSignal; readonly now: () => number },
): Promise<readonly Check[]> {
  try {
    const before = now();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(address, { method: 'HEAD', redirect: 'manual', signal: limit });
    const shown = Date.parse(response.headers.get('date') ?? '');
    return [
      ok(name, `${address} answers from this machine`),
      checkClock(`${name}'s clock`, shown, { before, after: now(), precisionMs: 1_000 }),
    ];
  } catch (error) {
    signal.throwIfAborted();
    return [problem(name, `${address} cannot be reached from this machine: ${causeOf(error)}`, fix)];
  }
}
