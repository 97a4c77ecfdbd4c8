/** Quick enough that a storm is over in minutes; what is promised does not depend on these. */
export const QUICK_SETTINGS = {
  RETRIES: '20',
  RETRY_BASE: '200ms',
  RETRY_CAP: '2s',
  PERSON_PER_MINUTE: '0',
  PERSON_PER_DAY: '0',
  PROBE_INTERVAL: '1s',
  SLOW_PROBE_INTERVAL: '1s',
  SWEEP_INTERVAL: '5s',
  ALLOW_INSECURE_CALLBACKS: 'true',
};
