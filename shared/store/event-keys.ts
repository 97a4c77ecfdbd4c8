/** Of `StoreKeys`, what deliveries of events have beside the records. */
export interface EventKeys {
  /** Sorted set: dead letters by time of death (ms epoch). */
  deadLetters(): string;
  /** String: until when a client's redeliveries have used up its rate (µs epoch). */
  clientRedeliveryRate(clientId: string): string;
  /** String: until when a client's changes of its endpoints have used up their rate (µs epoch). */
  endpointChangeRate(clientId: string): string;
  /** Set: verifications of a client whose event it asked to have again and that was under way when last looked at. */
  openRedeliveries(clientId: string): string;
  /** Set that expires: those of them that a producer is about to begin, so that they still look as if they had ended. */
  begunRedeliveries(clientId: string): string;
  /** String that expires: which receiver a client wants a test event sent to. */
  testEvent(id: string): string;
  /** String that expires: what came of it. */
  testEventResult(id: string): string;
  /** Hash: the operators' endpoints, as a client's hash has its own. */
  operatorEndpoints(): string;
  /** Hash: account → when its state was read (ms epoch), and the state that the operators' endpoints know. */
  announcedStates(): string;
  /** Set: clients that have endpoints beside their callbacks; `operators` stands for the operators. */
  pushClients(): string;
  /** Hash: how far the deliveries to one endpoint are, which process has them in hand, and what came of the latest. */
  push(clientId: string, endpointId: string): string;
}

/** @param tag what the store's keys begin with */
export function eventKeys(tag: string): EventKeys {
  return {
    deadLetters: () => `${tag}:dead-letters`,
    clientRedeliveryRate: (clientId) => `${tag}:client-redelivery-rate:${clientId}`,
    endpointChangeRate: (clientId) => `${tag}:endpoint-change-rate:${clientId}`,
    openRedeliveries: (clientId) => `${tag}:open-redeliveries:${clientId}`,
    begunRedeliveries: (clientId) => `${tag}:begun-redeliveries:${clientId}`,
    testEvent: (id) => `${tag}:test-event:${id}`,
    testEventResult: (id) => `${tag}:test-event-result:${id}`,
    operatorEndpoints: () => `${tag}:operator-endpoints`,
    announcedStates: () => `${tag}:announced-states`,
    pushClients: () => `${tag}:push-clients`,
    push: (clientId, endpointId) => `${tag}:push:${clientId}:${endpointId}`,
  };
}
