const VERIFICATION_ID = /^ver_[0-9a-z]+$/;

/** What cannot be an id is not sent: it might be a person's ID number. */
export function verificationPath(id: string): string {
  if (VERIFICATION_ID.test(id)) return `v1/verifications/${id}`;
  throw new TypeError('The id of a verification must be ver_ and 26 letters and digits');
}
