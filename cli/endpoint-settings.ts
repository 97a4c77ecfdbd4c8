import { type Command, Option } from 'commander';
import { parseRate, parseSequence } from './arguments.ts';

/** What can be set of an endpoint when it is added, a client's or one of the operators. */
export interface EndpointSettings<Type extends string> {
  readonly type?: readonly Type[];
  readonly rate?: number;
  readonly after?: number;
}

/** What can be changed of one. */
export interface EndpointChanges<Type extends string> extends Omit<EndpointSettings<Type>, 'rate'> {
  readonly to?: string;
  /** False: taken away. */
  readonly rate?: number | false;
}

/** @param after what `--after` does */
function addSettings(command: Command, types: readonly string[], after: string): Command {
  return command
    .addOption(new Option('--type <type...>', 'events of these types only').choices(types))
    .option('--rate <number>', 'at most so many events a second', parseRate)
    .option('--after <number>', after, parseSequence);
}

export function addEndpointSettings(command: Command, types: readonly string[]): Command {
  return addSettings(command, types, 'begin behind the event of this number; 0: with the oldest');
}

export function addEndpointChanges(command: Command, types: readonly string[]): Command {
  command.option('--to <url>', 'its events go there from now on');
  return addSettings(command, types, 'send again all events behind the one of this number').option(
    '--no-rate',
    'as many as it takes, one after the other',
  );
}

/** As the API takes it. */
export function readEndpointChanges<Type extends string>({ to, type, rate, after }: EndpointChanges<Type>) {
  return {
    ...(to === undefined ? {} : { url: to }),
    ...(type === undefined ? {} : { types: [...type] }),
    ...(rate === undefined ? {} : { ratePerSecond: rate === false ? null : rate }),
    ...(after === undefined ? {} : { after }),
  };
}

/** What has been set, by names for people. */
export function describeSettings({
  url,
  types,
  ratePerSecond,
}: {
  readonly url: string;
  readonly types: readonly string[];
  readonly ratePerSecond: number | null;
}): Readonly<Record<string, string>> {
  return {
    url,
    types: types.join(', '),
    'events a second': ratePerSecond === null ? 'no limit' : String(ratePerSecond),
  };
}
