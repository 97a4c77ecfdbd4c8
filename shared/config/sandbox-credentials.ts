/** Known to everyone, and worth nothing outside the sandbox. */
export const SANDBOX_SECRET_ID = 'sandbox-secret-id';
export const SANDBOX_SECRET_KEY = 'sandbox-secret-key';
