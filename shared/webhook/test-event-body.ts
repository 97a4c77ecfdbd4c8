/** The body of the event with which a client or an operator tests a receiver: `webhook.test`. @param now ms epoch */
export function writeTestEventBody(clientId: string, now: number): Buffer {
  const timestamp = new Date(now).toISOString();
  return Buffer.from(JSON.stringify({ type: 'webhook.test', timestamp, data: { clientId } }));
}
