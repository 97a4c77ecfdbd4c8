/**
 * Takes comments and indentation out of a script, and keeps its lines. The engine compiles a script each time it runs, and
 * of the larger ones two thirds are comments.
 */
export function stripLua(source: string): string {
  const pieces = source.matchAll(
    /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*|\[(=*)\[[\s\S]*?\]\2\]|[^-'"[]+|[\s\S]/g,
  );
  let stripped = '';
  for (const [piece] of pieces) {
    if (piece.startsWith('--')) stripped += piece.replaceAll(/[^\n]/g, '');
    else if (/^["'[]/.test(piece)) stripped += piece;
    else stripped += piece.replaceAll(/\n[ \t]+/g, '\n');
  }
  return stripped;
}
