import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemTable } from '../../../shared/contract/problem.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

describe('the type of a problem', () => {
  test('leads to a page about it, without a key', async () => {
    const refused = await fetch(`${producer.url}/v1/lane`);
    const { type } = (await refused.json()) as { type: string };
    expect(type).toBe('/problems/unauthorized');
    const page = await fetch(new URL(type, refused.url));
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('The API key is missing, wrong or revoked');
  });

  test.each(Object.keys(problemTable))('has a page that names code and status: %s', async (code) => {
    const page = await (await fetch(`${producer.url}/problems/${code}`)).text();
    const status = Object.entries(problemTable).find(([known]) => known === code)?.[1].status;
    expect(page).toContain(`Status ${status}, code <code>${code}</code>`);
    expect(page).not.toMatch(/`|\]\(|undefined/);
  });

  test('has its page in Chinese for a browser that asks for it first', async () => {
    const read = async (language: string) => {
      const page = await fetch(`${producer.url}/problems/unauthorized`, {
        headers: { 'accept-language': language },
      });
      return { language, vary: page.headers.get('vary'), text: await page.text() };
    };
    const pages = await Promise.all(['zh-CN,zh;q=0.9,en;q=0.8', 'en,zh;q=0.5'].map(read));
    expect(pages.map(({ vary }) => vary)).toEqual(['accept-language', 'accept-language']);
    expect(pages[0]?.text).toContain('<html lang="zh-CN">');
    expect(pages[0]?.text).toContain('需要有效的 API 密钥');
    expect(pages[1]?.text).toContain('<html lang="en">');
  });

  test('has none where the code is unknown', async () => {
    expect((await fetch(`${producer.url}/problems/no_such_code`)).status).toBe(404);
  });
});
