#!/usr/bin/env node
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli/main.js', import.meta.url);

// A build runs as it is. In a checkout, what is compiled of the sources as they are now runs.
if (existsSync(built)) {
  await import(built.href);
} else {
  process.argv.splice(2, 0, 'cli/main');
  await import(new URL('../build/run.js', import.meta.url).href);
}
