import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './built-program.ts';
import { execForm, readRuntimeStage, readStages } from './dockerfile.ts';

const copied = readStages()
  .flat()
  .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
  .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));

describe('the Dockerfile', () => {
  it('does not run as root', () => {
    const names = readRuntimeStage().map(({ name }) => name);
    expect(readRuntimeStage().find(({ name }) => name === 'USER')?.text).toBe('node');
    expect(names.indexOf('USER')).toBeGreaterThan(names.lastIndexOf('COPY'));
  });

  it('starts the program itself, not a shell that would keep SIGTERM from it', () => {
    expect(execForm('ENTRYPOINT')[0]).toBe('node');
    expect(execForm('CMD')).toEqual(['dist/producer/main.js']);
  });

  it('takes nothing but the build and what production needs into the image', () => {
    const copies = readRuntimeStage().filter(({ name }) => name === 'COPY');
    expect(copies.map(({ text }) => text)).toEqual([
      'package.json ./',
      '--from=dependencies /app/node_modules ./node_modules',
      '--from=build /app/dist ./dist',
    ]);
    expect(readStages().flatMap((stage) => stage.map(({ text }) => text))).toContain(
      'npm ci --omit=dev --ignore-scripts --no-audit --no-fund',
    );
  });

  it.each(copied)('copies %s, which exists and is let through', (path) => {
    const letThrough = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    expect(existsSync(join(root, path))).toBe(true);
    expect(letThrough).toContain(`!${path}`);
  });

  it('copies every folder that the build compiles', () => {
    const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')) as {
      include: string[];
    };
    expect(copied).toEqual(expect.arrayContaining(include.map((pattern) => pattern.split('/')[0])));
  });

  it('sends nothing else to the engine', () => {
    const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(rules[0]).toBe('*');
    expect(
      rules
        .slice(1)
        .map((rule) => rule.replace('!', ''))
        .toSorted(),
    ).toEqual([...new Set(copied)].toSorted());
  });
});
