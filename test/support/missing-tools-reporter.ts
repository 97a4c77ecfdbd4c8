import type { Reporter, TestModule } from 'vitest/node';

interface Lack {
  readonly get: string;
  files: number;
  tests: number;
}

/**
 * Ends the run with what was skipped for want of a program, by name, and with how to get it. What the variable
 * REQUIRED_TOOLS names (separated by commas) must not be missing: `.ci/run` puts there what it installed.
 */
export default class MissingToolsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lacks = findLacks(modules);
    if (lacks.size === 0) return;
    const lines = ['', 'Skipped, because this machine does not have what the tests need:'];
    for (const [name, { get, tests, files }] of lacks) {
      lines.push(`  ${name}: ${count(tests, 'test')} in ${count(files, 'file')}. To get it: ${get}`);
    }
    const required = (process.env['REQUIRED_TOOLS'] ?? '').split(',').filter((name) => lacks.has(name));
    for (const name of required)
      lines.push(`Cannot accept this run: ${name} must be present, its tests were skipped`);
    if (required.length > 0) process.exitCode = 1;
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

function findLacks(modules: readonly TestModule[]): ReadonlyMap<string, Lack> {
  const lacks = new Map<string, Lack>();
  for (const module of modules) {
    const tests = [...module.children.allTests('skipped')].length;
    for (const { name, get } of tests === 0 ? [] : (module.meta().missing ?? [])) {
      const lack = lacks.get(name) ?? { get, files: 0, tests: 0 };
      lack.files += 1;
      lack.tests += tests;
      lacks.set(name, lack);
    }
  }
  return lacks;
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
