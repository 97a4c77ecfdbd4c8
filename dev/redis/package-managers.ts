/** How each package manager installs a Redis server without a question. */
export interface PackageManager {
  readonly name: string;
  /** Run with `--version` to find out whether it is installed. */
  readonly file: string;
  readonly platforms: readonly NodeJS.Platform[];
  /** Homebrew refuses root, the others need it. */
  readonly user: 'root' | 'not-root';
  readonly env: Readonly<Record<string, string>>;
  /** Tried in turn until one works: distributions moved from Redis to Valkey in different years. */
  readonly recipes: readonly { readonly package: string; readonly command: readonly string[] }[];
}

/**
 * Debian's and Ubuntu's package starts a Redis of its own on port 6379, now and at each boot. A policy-rc.d that
 * says no keeps it from starting during the installation (invoke-rc.d(8); an existing one is left alone), and
 * the unit is disabled afterwards. `RUNLEVEL=1` would do only where there is no systemd.
 */
const APT_SCRIPT = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=120 update
apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends redis-server
if [ -d /run/systemd/system ]; then
  systemctl disable redis-server.service || true
fi
`;

export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    name: 'apt-get',
    file: 'apt-get',
    platforms: ['linux'],
    user: 'root',
    env: {},
    recipes: [{ package: 'redis-server', command: ['sh', '-c', APT_SCRIPT] }],
  },
  {
    name: 'dnf',
    file: 'dnf',
    platforms: ['linux'],
    user: 'root',
    env: {},
    recipes: [
      { package: 'valkey', command: ['dnf', '-y', '-q', 'install', 'valkey'] },
      { package: 'redis', command: ['dnf', '-y', '-q', 'install', 'redis'] },
    ],
  },
  {
    name: 'apk',
    file: 'apk',
    platforms: ['linux'],
    user: 'root',
    env: {},
    recipes: [
      { package: 'valkey', command: ['apk', 'add', '--no-cache', 'valkey'] },
      { package: 'redis', command: ['apk', 'add', '--no-cache', 'redis'] },
    ],
  },
  {
    name: 'brew',
    file: 'brew',
    platforms: ['darwin', 'linux'],
    user: 'not-root',
    env: { HOMEBREW_NO_AUTO_UPDATE: '1', HOMEBREW_NO_ENV_HINTS: '1', NONINTERACTIVE: '1' },
    recipes: [
      { package: 'redis', command: ['brew', 'install', '--quiet', 'redis'] },
      { package: 'valkey', command: ['brew', 'install', '--quiet', 'valkey'] },
    ],
  },
];
