import { startProducerUnderTest } from '../producer/producer-under-test.ts';

/** The OpenAPI document, as a producer with these settings serves it. */
export async function readDocument(
  redisUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<object> {
  const producer = await startProducerUnderTest(redisUrl, { environment });
  try {
    const answer = await fetch(`${producer.operationsUrl}/openapi.json`);
    return (await answer.json()) as object;
  } finally {
    await producer.close();
  }
}
