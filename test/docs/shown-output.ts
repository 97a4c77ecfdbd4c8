/** Stands in a page for what differs from run to run: within a line, or for any number of lines. */
const ANYTHING = '…';

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function linePattern(line: string): string {
  if (line.trim() === ANYTHING) return '(?:[^\n]*\n)*';
  const words = line.trimEnd().split(/ +/);
  return `${words.map((word) => word.split(ANYTHING).map(escapePattern).join('[^\n]*?')).join(' +')} *\n`;
}

/** Whether a command printed what the page shows. How many spaces part the columns of a table is not compared. */
export function isAsShown(shown: string, printed: string): boolean {
  const lines = shown.replace(/\n+$/, '').split('\n');
  const text = printed.replace(/\n*$/, '\n');
  return new RegExp(`^${lines.map(linePattern).join('')}$`).test(text);
}

/** The same for a process that goes on: whether it has printed these lines by now, in whatever order. */
export function hasPrinted(shown: string, printed: string): boolean {
  const lines = printed.split('\n');
  return shown
    .trimEnd()
    .split('\n')
    .every((line) => lines.some((given) => isAsShown(line, given)));
}
