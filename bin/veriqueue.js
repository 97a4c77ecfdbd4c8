#!/usr/bin/env node
import { existsSync } from 'node:fs';

// A build runs as it is; in a checkout the TypeScript source runs through tsx.
const built = new URL('../dist/cli/main.js', import.meta.url);

if (existsSync(built)) {
  await import(built.href);
} else {
  const { register } = await import('tsx/esm/api');
  register();
  await import(new URL('../cli/main.ts', import.meta.url).href);
}
