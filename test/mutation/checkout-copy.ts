import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface CheckoutCopy {
  readonly folder: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
  remove(): void;
}

/** Mutants are made in a copy, so that a run that is killed leaves no changed source behind. */
export function copyCheckout(root: string): CheckoutCopy {
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (listed.status !== 0) throw new Error(`Cannot list the files of ${root}: ${listed.stderr}`);
  const files = listed.stdout.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
  const folder = mkdtempSync(join(tmpdir(), 'veriqueue-mutants-'));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { folder, files, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
