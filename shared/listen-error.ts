/** Where a process was to listen, and the settings that say so. */
export interface ListeningPlace {
  readonly host: string;
  readonly port: number;
  readonly hostVariable: string;
  readonly portVariable: string;
}

/**
 * What a failed `listen` is reported as: by the setting that has to change.
 *
 * @param error as `listen` threw it; one of another kind is given back as it is
 */
export function describeListenError(error: unknown, place: ListeningPlace): unknown {
  const { host, port, hostVariable, portVariable } = place;
  const options = { cause: error };
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return new Error(
        `${portVariable} ${port} is taken: another program listens on ${host}:${port}. Stop it, or set ${portVariable} to a free port`,
        options,
      );
    case 'EACCES':
      return new Error(
        `${portVariable} ${port} needs rights that this process does not have. Set ${portVariable} to 1024 or more`,
        options,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(
        `${hostVariable} ${host} is not an address of this machine. Set ${hostVariable} to one, such as 127.0.0.1 or 0.0.0.0`,
        options,
      );
    default:
      return error;
  }
}
