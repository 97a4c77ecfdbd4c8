/* Takes processor time from the others. A process of its own; it ends with its parent. */
const TURN_MS = 50;

process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true, url: '' });

function burn(): void {
  const until = performance.now() + TURN_MS;
  while (performance.now() < until);
  setImmediate(burn);
}

burn();
