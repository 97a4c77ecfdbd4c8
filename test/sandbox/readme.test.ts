import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../../sandbox/planned-result.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';

const readme = readFileSync(new URL('../../sandbox/README.md', import.meta.url), 'utf8');

describe('the README of the sandbox', () => {
  it.each(FAULTS)('names the fault %s', (fault) => {
    expect(readme).toContain(`\`${fault}\``);
  });

  it('names every variable that is read, and no other', () => {
    const named = [...readme.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(Object.keys(sandboxEnvironment.shape).toSorted());
  });
});
