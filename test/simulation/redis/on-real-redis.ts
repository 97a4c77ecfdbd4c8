/**
 * Has a real Redis do what the simulated one was asked, at the simulated time. It has no clock that can be set, so whatever
 * looks at the clock is asked in another way: `TIME` is known, and a key expires at an instant that no real clock reaches.
 */
export function atTime(us: number, words: readonly string[]): readonly string[] {
  const [name = '', ...args] = words;
  const nowMs = Math.floor(us / 1_000);
  const [key = '', value = ''] = args;
  switch (name) {
    case 'EVAL':
      return [name, preludeOf(us) + args[0], ...args.slice(1)];
    case 'PEXPIRE':
      return ['PEXPIREAT', key, String(nowMs + Number(value)), ...args.slice(2)];
    case 'EXPIRE':
      return ['PEXPIREAT', key, String(nowMs + 1_000 * Number(value)), ...args.slice(2)];
    case 'SETEX':
      return ['SET', key, args[2] ?? '', 'PXAT', String(nowMs + 1_000 * Number(value))];
    case 'SET':
      return [name, key, value, ...absolute(args.slice(2), nowMs)];
    case 'XADD':
      return [name, ...args.map((word, index) => (word === '*' && index < 5 ? `${nowMs}-*` : word))];
    default:
      return words;
  }
}

function absolute(options: readonly string[], nowMs: number): string[] {
  return options.flatMap((option, index) => {
    const before = options[index - 1]?.toUpperCase();
    if (before === 'PX') return [String(nowMs + Number(option))];
    if (before === 'EX') return [String(nowMs + 1_000 * Number(option))];
    const upper = option.toUpperCase();
    return [upper === 'PX' || upper === 'EX' ? 'PXAT' : option];
  });
}

/** On one line, so that the lines of errors stay. */
const preludeOf = (us: number): string =>
  `
local redis = (function(real)
  local nowMs = ${Math.floor(us / 1_000)}
  local function at(ms) return string.format('%.0f', nowMs + ms) end
  local function rewrite(run)
    return function(name, ...)
      local words = {...}
      local upper = string.upper(name)
      if upper == 'TIME' then return {'${Math.floor(us / 1_000_000)}', '${us % 1_000_000}'} end
      if upper == 'PTTL' then
        local due = run('PEXPIRETIME', ...)
        if type(due) ~= 'number' or due < 0 then return due end
        return math.max(0, due - nowMs)
      end
      if upper == 'PEXPIRE' then words[2] = at(tonumber(words[2])); return run('PEXPIREAT', unpack(words)) end
      if upper == 'EXPIRE' then words[2] = at(1000 * tonumber(words[2])); return run('PEXPIREAT', unpack(words)) end
      if upper == 'SET' then
        for i = 3, #words - 1 do
          local option = string.upper(words[i])
          if option == 'PX' then words[i], words[i + 1] = 'PXAT', at(tonumber(words[i + 1])) end
          if option == 'EX' then words[i], words[i + 1] = 'PXAT', at(1000 * tonumber(words[i + 1])) end
        end
        return run(name, unpack(words))
      end
      if upper == 'XADD' then
        for i = 2, math.min(5, #words) do
          if words[i] == '*' then words[i] = at(0) .. '-*'; break end
        end
        return run(name, unpack(words))
      end
      return run(name, ...)
    end
  end
  return setmetatable({call = rewrite(real.call), pcall = rewrite(real.pcall)}, {__index = real})
end)(redis) `.replaceAll(/\s*\n\s*/g, ' ');
