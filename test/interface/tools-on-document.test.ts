import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, photoBase64 } from '../support/person.ts';
import { hasInterfaceTools, runTool, toolModules } from './interface-tools.ts';

/** The document as other people's tools take it. */

let chain: Chain;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-interface-'));
  if (!hasInterfaceTools) return;
  chain = await startChain();
  const document = await (await fetch(`${chain.url}/openapi.json`)).text();
  await writeFile(join(folder, 'openapi.json'), document);
  await symlink(toolModules, join(folder, 'node_modules'));
}, 180_000);
afterAll(async () => {
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!hasInterfaceTools)('a linter', () => {
  it('redocly finds nothing to warn of', async () => {
    const { code, output } = await runTool(
      'redocly',
      ['lint', '--extends=recommended', 'openapi.json'],
      folder,
    );
    expect([code, output.match(/\d+ (?:warning|error)s?/g) ?? []]).toEqual([0, []]);
    expect(output).toContain('is valid');
  });

  it('spectral finds nothing to warn of, examples included', async () => {
    await writeFile(join(folder, 'spectral.yaml'), 'extends: ["spectral:oas"]\n');
    const args = ['lint', '--ruleset', 'spectral.yaml', '--format', 'json', '--fail-severity', 'hint'];
    const { code, output } = await runTool('spectral', [...args, 'openapi.json'], folder);
    expect([code, output]).toEqual([0, expect.stringMatching(/^\[\]/)]);
  });
});

/** What each generated client does: submit, read, list, and be refused. */
interface Generator {
  readonly name: string;
  readonly generate: readonly [string, ...string[]];
  /** Files that the generator reads. */
  readonly files?: Readonly<Record<string, string>>;
  /** `submit`, `get`, `list` of its client, each with the status and the body. */
  readonly use: string;
}

const settings = `const baseUrl = process.env.VERIQUEUE_URL ?? '';
const headers = { authorization: \`Bearer \${process.env.VERIQUEUE_API_KEY}\` };
const person = { idCard: process.env.ID_CARD ?? '', name: '测试甲', imageBase64: process.env.PHOTO ?? '' };
`;

const report = `
const reference = 'generated-' + process.env.GENERATOR;
const submitted = await submit({ ...person, reference, priority: 'interactive' });
const shown = await get(submitted.body.id);
const listed = await list({ reference, limit: 5 });
const refused = await submitWrong({ ...person, idCard: '1' });
const position: number | null = shown.body.position;
const verdict: 'match' | 'no_match' | 'unverifiable' | 'error' | undefined = shown.body.outcome?.verdict;
void [position, verdict];
console.log(JSON.stringify([
  submitted.status, shown.body.reference, listed.body.data.map(({ id }) => id === submitted.body.id),
  refused.status, refused.body.errors?.map(({ pointer }) => pointer),
]));
`;

const generators: readonly Generator[] = [
  {
    name: 'openapi-typescript',
    // A field with a default may be left out.
    generate: ['openapi-typescript', 'openapi.json', '--output', 'types.ts', '--default-non-nullable=false'],
    use: `import createClient from 'openapi-fetch';
import type { components, paths } from './types.ts';
type Submission = components['schemas']['Submission'];
${settings}
const client = createClient<paths>({ baseUrl, headers });
const must = <T,>(value: T | undefined): T => { if (value === undefined) throw new Error('no body'); return value; };
const post = (body: Submission) => client.POST('/v1/verifications', { body });
const submit = async (body: Submission) => { const { data, response } = await post(body); return { status: response.status, body: must(data) }; };
const submitWrong = async (body: Submission) => { const { error, response } = await post(body); return { status: response.status, body: must(error) }; };
const get = async (id: string) => ({ body: must((await client.GET('/v1/verifications/{id}', { params: { path: { id } } })).data) });
const list = async (query: { reference: string; limit: number }) => ({ body: must((await client.GET('/v1/verifications', { params: { query } })).data) });
`,
  },
  {
    name: 'hey-api',
    generate: ['openapi-ts', '--file', 'openapi-ts.config.mjs'],
    files: {
      'openapi-ts.config.mjs':
        "export default { input: './openapi.json', output: './generated', plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'] };\n",
    },
    use: `import { client } from './generated/client.gen';
import { getVerification, listVerifications, submitVerification } from './generated/sdk.gen';
import type { Submission } from './generated/types.gen';
${settings}
client.setConfig({ baseUrl, headers });
const submit = async (body: Submission) => { const { data, response } = await submitVerification({ body, throwOnError: true }); return { status: response.status, body: data }; };
const submitWrong = async (body: Submission) => { const { error, response } = await submitVerification({ body }); if (!error) throw new Error('accepted'); return { status: response?.status, body: error }; };
const get = async (id: string) => ({ body: (await getVerification({ path: { id }, throwOnError: true })).data });
const list = async (query: { reference: string; limit: number }) => ({ body: (await listVerifications({ query, throwOnError: true })).data });
`,
  },
  {
    name: 'orval',
    generate: ['orval', '--config', 'orval.config.cjs'],
    files: {
      'orval.config.cjs':
        "module.exports = { veriqueue: { input: './openapi.json', output: { target: './generated.ts', client: 'fetch', baseUrl: { getBaseUrlFromSpecification: false, baseUrl: process.env.VERIQUEUE_URL } } } };\n",
    },
    use: `import { getVerification, listVerifications, submitVerification, type Submission } from './generated.ts';
${settings}
const post = (body: Submission) => submitVerification(body, { headers: { ...headers, 'content-type': 'application/json' } });
const submit = async (body: Submission) => { const answer = await post(body); if (answer.status !== 202) throw new Error(JSON.stringify(answer)); return { status: answer.status, body: answer.data }; };
const submitWrong = async (body: Submission) => { const answer = await post(body); if (answer.status === 202) throw new Error('accepted'); return { status: answer.status, body: answer.data }; };
const get = async (id: string) => { const answer = await getVerification(id, { headers }); if (answer.status !== 200) throw new Error(); return { body: answer.data }; };
const list = async (query: { reference: string; limit: number }) => { const answer = await listVerifications(query, { headers }); if (answer.status !== 200) throw new Error(); return { body: answer.data }; };
`,
  },
];

describe.skipIf(!hasInterfaceTools)('a client generated by', () => {
  it.each(generators)(
    '$name compiles, submits, reads and is refused',
    async ({ name, generate, files = {}, use }) => {
      const place = join(folder, name);
      await mkdir(place);
      await symlink(toolModules, join(place, 'node_modules'));
      await symlink(join(folder, 'openapi.json'), join(place, 'openapi.json'));
      for (const [file, text] of Object.entries({
        ...files,
        'smoke.ts': use + report,
        'package.json': '{"type":"module"}',
      })) {
        await writeFile(join(place, file), text);
      }
      const env = {
        ...process.env,
        ...{ VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: chain.client.apiKey, GENERATOR: name },
        ...{ ID_CARD: makePerson().idCard, PHOTO: photoBase64 },
      };
      const [tool, ...args] = generate;
      const generated = await runTool(tool, args, place, { VERIQUEUE_URL: chain.url });
      expect([generated.code, generated.code === 0 ? '' : generated.output]).toEqual([0, '']);
      const strict = [
        '--strict',
        '--noEmit',
        '--skipLibCheck',
        '--allowImportingTsExtensions',
        '--target',
        'es2022',
      ];
      const resolution = [
        '--module',
        'esnext',
        '--moduleResolution',
        'bundler',
        '--typeRoots',
        join(import.meta.dirname, '../../node_modules/@types'),
        '--types',
        'node',
      ];
      const compiled = await runTool('tsc', [...strict, ...resolution, 'smoke.ts'], place);
      expect([compiled.code, compiled.output]).toEqual([0, '']);
      const run = ['--import', import.meta.resolve('tsx'), 'smoke.ts'];
      const { stdout } = await promisify(execFile)(process.execPath, run, { cwd: place, env });
      expect(JSON.parse(stdout)).toEqual([202, `generated-${name}`, [true], 422, ['/idCard']]);
    },
  );
});
