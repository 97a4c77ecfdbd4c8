import { createHash } from 'node:crypto';
import { type LuaMachine, openLuaMachine } from './lua-machine.ts';
import { type Place, readReply, readWords, ScriptError, writeReply, writeWords } from './lua-wire.ts';
import { Failure, type Reply } from './reply.ts';

type Call = (words: readonly string[]) => Reply;

/** Lua 5.1 as Redis embeds it. One for all servers of a process: loading it takes a while, and scripts run one at a time. */
export interface LuaEngine {
  /** @param call carries out what the script calls; what it throws is an error of the script's */
  run(source: string, keys: readonly string[], args: readonly string[], call: Call): Reply;
}

/** A script that is compiled, or what kept it from that. */
type Compiled = { readonly sha: string; readonly chunk: Place } | Failure;

export async function openLuaEngine(): Promise<LuaEngine> {
  const machine = await openLuaMachine();
  const compiled = new Map<string, Compiled>();
  const compile = (source: string): Compiled => {
    const known = compiled.get(source);
    if (known !== undefined) return known;
    const made = compileScript(machine, compiled.size, source);
    compiled.set(source, made);
    return made;
  };
  return {
    run: (source, keys, args, call) => {
      const script = compile(source);
      if (script instanceof Failure) return script;
      const before = machine.onCall;
      machine.onCall = (words) => writeReply(machine, carryOut(call, readWords(machine, words)));
      try {
        const reply = evaluate(machine, script.chunk, [...keys, ...args], keys.length);
        return reply instanceof ScriptError ? describe(reply, script.sha) : reply;
      } finally {
        machine.onCall = before;
      }
    },
  };
}

function carryOut(call: Call, words: readonly string[]): Reply {
  try {
    return call(words);
  } catch (error) {
    return new Failure(error instanceof Error ? error.message : String(error));
  }
}

function compileScript(machine: LuaMachine, number: number, source: string): Compiled {
  const sha = sha1(source);
  const refusal = evaluate(
    machine,
    placeText(machine, 'return __compile(tonumber(ARGV[1]), ARGV[2])'),
    [String(number), source],
    0,
  );
  if (refusal === null) return { sha, chunk: placeText(machine, `return __run[${number}]()`) };
  return new Failure(`ERR Error compiling script (new function): ${String(refusal)} script: ${sha}`);
}

function evaluate(
  machine: LuaMachine,
  chunk: Place,
  words: readonly string[],
  keys: number,
): Reply | ScriptError {
  const given = writeWords(machine, words);
  const returned = machine.run(chunk, given, keys);
  machine.free(given.at);
  if (returned.at === 0) return null;
  const reply = readReply(machine, returned);
  machine.free(returned.at);
  return reply;
}

function placeText({ alloc, bytes }: LuaMachine, text: string): Place {
  const at = alloc(text.length);
  bytes.write(text, at, 'latin1');
  return { at, length: text.length };
}

const shas = new Map<string, string>();

export function sha1(source: string): string {
  const known = shas.get(source);
  if (known !== undefined) return known;
  const sha = createHash('sha1').update(Buffer.from(source, 'latin1')).digest('hex');
  shas.set(source, sha);
  return sha;
}

/** Of a global that does not exist, as `lua-redis-wasm` marks it. */
const NO_GLOBAL = /__RLUA_E__:global-read:(.*)/;

/** As Redis 7.0 words it. */
function describe({ message, line: known }: ScriptError, sha: string): Failure {
  const [, code = 'ERR', text = message] = /^([A-Z][A-Z0-9]*) ([\s\S]*)$/.exec(message) ?? [];
  const line = known > 0 ? known : Number(/^user_script:(\d+):/.exec(text)?.[1] ?? 1);
  const [, name] = NO_GLOBAL.exec(text) ?? [];
  const body =
    name === undefined
      ? text
      : `user_script:${line}: Script attempted to access nonexistent global variable '${name}'`;
  return new Failure(`${code} ${body} script: ${sha}, on @user_script:${line}.`);
}
