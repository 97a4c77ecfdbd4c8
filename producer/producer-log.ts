/** What accepting a submission logs through: the part of a pino logger that it uses. `event` is stable. */
export interface ProducerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** For a library, which has no output of its own. */
export const silentLog: ProducerLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
