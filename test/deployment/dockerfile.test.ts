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
  it('does not run as root, by number', () => {
    const names = readRuntimeStage().map(({ name }) => name);
    expect(readRuntimeStage().find(({ name }) => name === 'USER')?.text).toBe('1000:1000');
    expect(names.indexOf('USER')).toBeGreaterThan(names.lastIndexOf('COPY'));
  });

  it.each(['Dockerfile', 'docker-compose.yml', 'docker-compose.sandbox.yml'])(
    'and the compose files fix their base images by digest, since a tag moves: %s',
    (file) => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n');
      const images = lines.filter((line) => /^ARG NODE_IMAGE=|^\s+image: .*redis/.test(line));
      expect(images).toHaveLength(1);
      for (const line of images)
        expect(line).toMatch(/[a-z]+:[0-9]+\.[0-9.]+-bookworm[a-z-]*@sha256:[0-9a-f]{64}\}?$/);
    },
  );

  it('starts the program itself, not a shell that would keep SIGTERM from it', () => {
    expect(execForm('ENTRYPOINT')[0]).toBe('node');
    expect(execForm('CMD')).toEqual(['dist/producer/main.js']);
  });

  it('takes nothing but the build and what production needs into the image', () => {
    const copies = readRuntimeStage().filter(({ name }) => name === 'COPY');
    expect(copies.map(({ text }) => text)).toEqual([
      'LICENSE package.json deploy/image/healthcheck.sh ./',
      'bin ./bin',
      '--from=dependencies /app/sbom.cdx.json ./',
      '--from=dependencies /app/node_modules ./node_modules',
      '--from=build /app/dist ./dist',
    ]);
    expect(readStages().flatMap((stage) => stage.map(({ text }) => text))).toContain(
      'npm ci --workspaces=false --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund',
    );
  });

  const rules = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

  it.each(copied)('copies %s, which exists and is let through', (path) => {
    expect(existsSync(join(root, path))).toBe(true);
    const top = path.startsWith('deploy/') ? 'deploy/image' : path;
    expect(rules).toContain(`!${top}`);
  });

  it('copies every folder that the build compiles', () => {
    const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')) as {
      include: string[];
    };
    expect(copied).toEqual(expect.arrayContaining(include.map((pattern) => pattern.split('/')[0])));
  });

  it('sends nothing else to the engine', () => {
    const sent = copied.map((path) => (path.startsWith('deploy/') ? 'deploy/image' : path));
    expect(rules.slice(0, 1)).toEqual(['*']);
    // A folder is let through before what is in it is shut out and in.
    expect(rules.indexOf('!deploy')).toBeLessThan(rules.indexOf('deploy/*'));
    expect(rules.indexOf('deploy/*')).toBeLessThan(rules.indexOf('!deploy/image'));
    const letThrough = rules.filter((rule) => rule.startsWith('!') && rule !== '!deploy');
    expect(letThrough.map((rule) => rule.slice(1)).toSorted()).toEqual([...new Set(sent)].toSorted());
  });
});
