import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { classifyRedis } from '../../shared/store/redis/fitness.ts';
import { PACKAGE_MANAGERS, type PackageManager } from './package-managers.ts';

export type CommandResult =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string }
  | { readonly kind: 'not-found' };

/** Runs a command without a terminal; `env` is added to the environment. */
export type RunCommand = (
  file: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
) => Promise<CommandResult>;

export type RedisBinary =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'installed'; readonly path: string; readonly manager: string }
  | { readonly kind: 'missing'; readonly message: string };

export interface FindRedisDeps {
  /** Read: PATH, VERIQUEUE_INSTALL_REDIS. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Shows the user what is about to be installed, before it is done. */
  readonly say: (line: string) => void;
  readonly run: RunCommand;
}

const SERVERS = ['redis-server', 'valkey-server'];

/** Where package managers put binaries that a bare PATH may lack. */
const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/home/linuxbrew/.linuxbrew/bin'];

/**
 * Finds a Redis server that is new enough. Only with `VERIQUEUE_INSTALL_REDIS=yes` it installs one, if the system's package
 * manager can without a question: a start command that changes the system unasked is not what its user expects.
 */
export async function findOrInstallRedis(deps: FindRedisDeps): Promise<RedisBinary> {
  const path = deps.env['PATH'] ?? '';
  const found = await findServer(path.split(delimiter), deps.run);
  if (found.path !== undefined) {
    return { kind: 'found', path: found.path };
  }
  const consent = readConsent(deps.env['VERIQUEUE_INSTALL_REDIS']);
  if (consent === 'unclear') {
    return missing([...found.rejected, 'VERIQUEUE_INSTALL_REDIS must be yes or no'], deps.platform);
  }
  if (consent === 'no') return missing(found.rejected, deps.platform);
  const installer = await findInstaller(deps);
  if (installer === undefined) {
    return missing([...found.rejected, 'no package manager can install one without asking'], deps.platform);
  }
  const failure = await install(installer, deps);
  const after = await findServer([...path.split(delimiter), ...USUAL_FOLDERS], deps.run);
  return after.path === undefined
    ? missing(
        [...found.rejected, ...after.rejected, ...(failure === undefined ? [] : [failure])],
        deps.platform,
      )
    : { kind: 'installed', path: after.path, manager: installer.manager.name };
}

function readConsent(setting = ''): 'yes' | 'no' | 'unclear' {
  const word = setting.trim().toLowerCase();
  if (['yes', 'true', '1', 'on'].includes(word)) return 'yes';
  return ['', 'no', 'false', '0', 'off'].includes(word) ? 'no' : 'unclear';
}

interface Search {
  readonly path: string | undefined;
  /** Why the ones that are there will not do. */
  readonly rejected: readonly string[];
}

async function findServer(folders: readonly string[], run: RunCommand): Promise<Search> {
  const rejected: string[] = [];
  // An empty PATH entry means the current folder, and running a server from that is never safe.
  for (const folder of folders.filter((entry) => entry.startsWith('/'))) {
    for (const server of SERVERS) {
      const path = join(folder, server);
      if (await isExecutable(path)) {
        const reason = await rejectServer(path, run);
        if (reason === undefined) {
          return { path, rejected };
        }
        rejected.push(`${path}: ${reason}`);
      }
    }
  }
  return { path: undefined, rejected };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** `Redis server v=7.0.15 sha=…`, `Valkey server v=8.0.1 sha=…` */
async function rejectServer(path: string, run: RunCommand): Promise<string | undefined> {
  const result = await run(path, ['--version']);
  const version = result.kind === 'exited' ? /\bv=([\d.]+)/.exec(result.output)?.[1] : undefined;
  if (version === undefined) {
    return 'it must report its version with --version';
  }
  const fitness = classifyRedis(`redis_version:${version}`, { 'maxmemory-policy': 'noeviction' });
  return fitness.kind === 'unfit' ? fitness.reasons.join('; ') : undefined;
}

interface Installer {
  readonly manager: PackageManager;
  /** What comes before each command: nothing, or sudo. */
  readonly prefix: readonly string[];
}

async function findInstaller({ platform, run }: FindRedisDeps): Promise<Installer | undefined> {
  const isRoot = await succeedsWith(run, 'id', ['-u'], '0');
  for (const manager of PACKAGE_MANAGERS.filter((row) => row.platforms.includes(platform))) {
    const there = await run(manager.file, ['--version']);
    if (there.kind === 'not-found' || (isRoot && manager.user === 'not-root')) {
      continue;
    }
    if (isRoot || manager.user === 'not-root') {
      return { manager, prefix: [] };
    }
    if (await succeeds(run, 'sudo', ['-n', 'true'])) {
      return { manager, prefix: ['sudo', '-n'] };
    }
  }
  return undefined;
}

/** Tries the manager's recipes in turn. Returns why the last one failed, if all did. */
async function install(
  { manager, prefix }: Installer,
  { say, run }: FindRedisDeps,
): Promise<string | undefined> {
  let failure: string | undefined;
  for (const recipe of manager.recipes) {
    const [file, ...args] = [...prefix, ...recipe.command];
    if (file === undefined) {
      continue;
    }
    say(
      `No redis-server or valkey-server on the PATH: installing ${recipe.package} with ${manager.name}${prefix.length > 0 ? ' (through sudo)' : ''}, as VERIQUEUE_INSTALL_REDIS=yes allows.`,
    );
    const result = await run(file, args, manager.env);
    if (result.kind === 'exited' && result.code === 0) {
      return undefined;
    }
    failure = `${manager.name} could not install ${recipe.package}: ${describeFailure(result)}`;
  }
  return failure;
}

function describeFailure(result: CommandResult): string {
  return result.kind === 'not-found'
    ? 'command not found'
    : `exit code ${result.code}, ${result.output.trim().split('\n').slice(-3).join(' / ')}`;
}

async function succeeds(run: RunCommand, file: string, args: readonly string[]): Promise<boolean> {
  const result = await run(file, args);
  return result.kind === 'exited' && result.code === 0;
}

async function succeedsWith(run: RunCommand, file: string, args: readonly string[], output: string) {
  const result = await run(file, args);
  return result.kind === 'exited' && result.code === 0 && result.output.trim() === output;
}

function missing(reasons: readonly string[], platform: NodeJS.Platform): RedisBinary {
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  return {
    kind: 'missing',
    message: [
      `No Redis server found: redis-server or valkey-server (6.2 or newer) must be on the PATH${why}. Do one of:`,
      `  1. install it: ${platform === 'darwin' ? 'brew install redis' : 'apt-get install redis-server, dnf install valkey or apk add valkey'}`,
      '     or run the same command again with VERIQUEUE_INSTALL_REDIS=yes, which installs it and starts no service',
      '  2. run a container: docker run -d -p 127.0.0.1:6379:6379 redis:7 redis-server --appendonly yes --maxmemory-policy noeviction',
      '     and set REDIS_URL=redis://127.0.0.1:6379',
      '  3. set REDIS_URL to a Redis you already have',
    ].join('\n'),
  };
}
