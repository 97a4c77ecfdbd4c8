import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { printContract } from './print-contract.ts';

const source = join(import.meta.dirname, '..');
const entry = join(source, 'veriqueue.ts');

/** The same code twice: as an ES module, and for `require` where it does not load those (Node.js before 20.19). */
const FORMATS = [
  { format: 'esm', script: 'js' },
  { format: 'cjs', script: 'cjs' },
] as const;

/**
 * Builds the package `@veriqueue/client`: one script for each format, what it uses of the contract included, and the
 * declarations.
 *
 * @param folder is replaced
 * @throws {Error} when anything would be imported at run time
 */
export async function buildClient(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const declarations = keepReachable(await emitDeclarations());
  // Once, for both: those of CommonJS may be imported from everywhere. Written twice, they were a third of the package.
  await writeFile(join(folder, 'contract.d.cts'), printContract());
  for (const [name, text] of declarations) {
    await writeFile(join(folder, `${name}.d.cts`), linkDeclarations(text));
  }
  await writeFile(join(folder, 'veriqueue.d.ts'), "export * from './veriqueue.cjs';\n");
  for (const { format, script } of FORMATS) await bundle(format, join(folder, `veriqueue.${script}`));
}

async function bundle(format: 'esm' | 'cjs', outfile: string): Promise<void> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    format,
    bundle: true,
    platform: 'neutral',
    target: 'es2022',
    // A runtime without `import()` in a CommonJS module is older than this package's oldest.
    supported: { 'dynamic-import': true },
    charset: 'utf8',
    // Names stay, so that a stack trace can be read.
    minifyWhitespace: true,
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  if (imports.length > 0) {
    throw new Error(
      `Cannot build the client: it must import nothing at run time, received ${imports.join(', ')}`,
    );
  }
}

/** By the modules' names. The compiler writes the contract's with their schemas, so they are written here. */
async function emitDeclarations(): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-declarations-'));
  try {
    const compiler = join(source, '../node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [
      ...[compiler, '-p', join(source, 'build/tsconfig.json'), '--outDir', folder],
    ]);
    const files = (await readdir(join(folder, 'client'))).filter((file) => file.endsWith('.d.ts'));
    const modules = files.map(async (file) => {
      const text = await readFile(join(folder, 'client', file), 'utf8');
      return [file.replace(/\.d\.ts$/, ''), text] as const;
    });
    return new Map(await Promise.all(modules));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Only what the entry's declarations lead to: no application sees the rest. */
function keepReachable(declarations: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const reached = new Map<string, string>();
  const reach = (name: string) => {
    const text = declarations.get(name);
    if (text === undefined || reached.has(name)) return;
    reached.set(name, text);
    for (const [, imported = ''] of text.matchAll(/['"]\.\/([\w-]+)\.ts['"]/g)) reach(imported);
  };
  reach('veriqueue');
  return reached;
}

/** Declarations import each other by the extension of their format. */
function linkDeclarations(text: string): string {
  return text
    .replace(/(['"])\.\.\/shared\/contract\/[\w-]+\.ts\1/g, '$1./contract.cjs$1')
    .replace(/(['"])(\.\/[\w-]+)\.ts\1/g, '$1$2.cjs$1');
}
