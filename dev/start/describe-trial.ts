import { resolve } from 'node:path';
import type { Stack } from './stack.ts';

/**
 * A command that submits a photo, to be pasted as it is: about a made-up person where the sandbox answers, with places to fill in
 * where the real service does.
 *
 * @param printsKeys false where standard output is no terminal: the command then reads the key from its file
 */
export function describeTrial(
  { url, sandboxUrl, client }: Pick<Stack, 'url' | 'sandboxUrl' | 'client'>,
  printsKeys: boolean,
): readonly string[] {
  const key = printsKeys
    ? client.apiKey
    : `$(node -p 'JSON.parse(fs.readFileSync("${resolve(client.path)}")).apiKey')`;
  const person =
    sandboxUrl === null
      ? '-F idCard=ID_NUMBER -F name=NAME -F image=@PHOTO'
      : '-F idCard=990001199001010013 -F name=测试甲子 -F image=@samples/robot-480x640.jpg';
  return [
    'Submit a photo:',
    `  curl -sS ${url}/v1/verifications -H "Authorization: Bearer ${key}" \\`,
    `    ${person}`,
  ];
}
