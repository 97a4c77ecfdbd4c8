/** Where the producer is, and who asks. */
export interface ApiAccess {
  readonly url: string;
  readonly apiKey: string;
}
