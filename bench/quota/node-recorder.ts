import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';

/*
 * recorder.c for machines without a C compiler: same arguments, same output, but arrivals are stamped when this process'
 * event loop gets round to them, so it adds a few milliseconds of jitter of its own.
 */
const [replyMin = 150, replyMax = 550, networkMs = 0, limit = 0] = process.argv.slice(2).map(Number);
const phaseMs = Math.random() * 1000;
let window = -1;
let inWindow = 0;
/** Of every answer, once it is set. */
let code = '';

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    const delayMs = Math.random() * networkMs;
    const atMs = performance.timeOrigin + performance.now() + delayMs;
    setTimeout(() => {
      const refused = isOver(atMs);
      process.stdout.write(`arrival ${BigInt(Math.round(atMs * 1000)) * 1000n} ${refused ? 1 : 0} 0 0\n`);
      const error = refused ? 'RequestLimitExceeded' : code;
      const answer = error === '' ? { Result: 'Success' } : { Error: { Code: error } };
      const replyMs = refused ? 20 : replyMin + Math.random() * (replyMax - replyMin);
      setTimeout(() => response.end(JSON.stringify({ Response: answer })), replyMs);
    }, delayMs);
  });
});

function isOver(atMs: number): boolean {
  if (limit === 0) return false;
  const current = Math.floor((atMs - phaseMs) / 1000);
  inWindow = current === window ? inWindow + 1 : 1;
  window = current;
  return inWindow > limit;
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`port ${port}\n`);
});
process.stdin.on('data', (line) => {
  code = String(line).trim();
});
process.stdin.once('end', () => process.exit(0));
