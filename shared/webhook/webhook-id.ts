/** The same on every delivery of one event: the receiver's key for recognizing a repetition. */
export function webhookId(verificationId: string): string {
  return verificationId.replace(/^ver_/, 'evt_');
}
