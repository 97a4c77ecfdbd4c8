/** What stands in the pages and is another thing on this machine. */
export interface Translation {
  /** Ports, wherever they stand as a number of their own. */
  readonly ports: ReadonlyMap<string, string>;
  /** Ids and addresses that pages use as examples. */
  readonly words: ReadonlyMap<string, string>;
}

const replaceWords = (text: string, words: Iterable<readonly [string, string]>): string =>
  [...words].reduce((done, [from, to]) => done.replaceAll(from, to), text);

const replacePorts = (text: string, ports: ReadonlyMap<string, string>): string =>
  text.replace(/(?<![\w.-])\d{4,5}(?![\w.-])/g, (port) => ports.get(port) ?? port);

const turn = (names: ReadonlyMap<string, string>) => new Map([...names].map(([from, to]) => [to, from]));

/** From the page to this machine. */
export const fromPage = (text: string, { ports, words }: Translation): string =>
  replacePorts(replaceWords(text, words), ports);

/** What was printed here, as the page has it. */
export const toPage = (text: string, { ports, words }: Translation): string =>
  replaceWords(replacePorts(text, turn(ports)), turn(words));
