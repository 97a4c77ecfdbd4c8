/**
 * The promise's value, or `expired` once `ms` have passed. The promise itself goes on; the timer never outlives it.
 *
 * @throws what the promise rejects with, if it does so in time
 */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'expired'> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), ms);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
