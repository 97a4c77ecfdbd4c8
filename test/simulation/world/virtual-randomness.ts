import { createRequire, syncBuiltinESMExports } from 'node:module';
import { activeWorld } from './active-world.ts';

const require = createRequire(import.meta.url);

interface Crypto {
  randomBytes: (size: number, done?: (error: null, bytes: Buffer) => void) => unknown;
  randomUUID: () => string;
  randomInt: (...args: number[]) => number;
  randomFillSync: <Bytes extends Uint8Array>(bytes: Bytes) => Bytes;
}

/** Puts the dice of the active world behind `Math.random` and `node:crypto`. */
export function installVirtualRandomness(): void {
  const realRandom = Math.random.bind(Math);
  Math.random = () => activeWorld()?.chance.next() ?? realRandom();
  const crypto = require('node:crypto') as Crypto;
  const real = { ...crypto };
  const draw = (size: number): Buffer => {
    const bytes = Buffer.alloc(size);
    activeWorld()?.chance.fill(bytes);
    return bytes;
  };
  crypto.randomBytes = (size, done) => {
    if (activeWorld() === null) return real.randomBytes(size, done);
    const bytes = draw(size);
    if (done === undefined) return bytes;
    setImmediate(() => done(null, bytes));
    return undefined;
  };
  crypto.randomUUID = () => (activeWorld() === null ? real.randomUUID() : toUuid(draw(16)));
  crypto.randomInt = (...args) => {
    const world = activeWorld();
    if (world === null) return real.randomInt(...args);
    const [low = 0, high] = args.length === 1 ? [0, args[0]] : args;
    return low + world.chance.whole((high ?? 0) - low);
  };
  crypto.randomFillSync = (bytes) => {
    if (activeWorld() === null) return real.randomFillSync(bytes);
    activeWorld()?.chance.fill(bytes);
    return bytes;
  };
  const web = globalThis.crypto;
  const realValues = web.getRandomValues.bind(web);
  Object.defineProperties(web, {
    getRandomValues: {
      configurable: true,
      value: (bytes: Uint8Array) => {
        if (activeWorld() === null) return realValues(bytes);
        activeWorld()?.chance.fill(bytes);
        return bytes;
      },
    },
    randomUUID: { configurable: true, value: () => crypto.randomUUID() },
  });
  syncBuiltinESMExports();
}

function toUuid(bytes: Buffer): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
