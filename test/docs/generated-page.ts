import { readFileSync } from 'node:fs';

/**
 * What is written by hand on a page whose rest is generated: everything up to and including the comment that says how.
 *
 * @throws Error when the page has no such comment
 */
export function writtenByHand(path: string): string {
  const page = readFileSync(path, 'utf8');
  const start = page.indexOf('<!-- Generated from');
  const end = page.indexOf('-->\n', start);
  if (start === -1 || end === -1) throw new Error(`${path} must have a comment that begins "Generated from"`);
  return page.slice(0, end + '-->\n'.length);
}
