/** For bash, zsh and fish alike: single quotes, in which only they themselves mean something. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", '')}'`;
}
