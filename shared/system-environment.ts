/** Where things are, how text is written, and how the network is reached: what programs that know nothing of us need. */
const SYSTEM = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'CI'],
  ...[
    'TMPDIR',
    'TMP',
    'TEMP',
    'LANG',
    'LANGUAGE',
    'TZ',
    'XDG_RUNTIME_DIR',
    'XDG_CACHE_HOME',
    'XDG_CONFIG_HOME',
  ],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'APPDATA', 'LOCALAPPDATA', 'USERPROFILE'],
]);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What is handed on to a program that is not ours, such as a package manager and its scripts. The rest stays here: the
 * environment holds the account of the upstream, sealing keys, and whatever other secrets a shell or a CI has.
 *
 * @returns the variables of the list, in any case (`http_proxy`), and those of the locale
 */
export function pickSystemEnvironment(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (SYSTEM.has(entry[0].toUpperCase()) || entry[0].startsWith('LC_')),
    ),
  );
}
