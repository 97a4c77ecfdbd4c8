export const CONTENDERS = [
  'veriqueue-json',
  'veriqueue-form',
  'veriqueue-library',
  'bullmq-plain',
  'bullmq-plain-json',
  'bullmq-plain-form',
  'bullmq-careful',
  'bullmq-careful-json',
  'bullmq-careful-form',
  'sidekiq',
  'sidekiq-json',
  'sidekiq-form',
] as const;

export interface Choice {
  readonly chosen: readonly string[];
  /** What to say about those that this machine cannot measure. */
  readonly notices: readonly string[];
}

/** @throws Error for a name that no contender has */
export function chooseContenders(wanted: readonly string[], hasSidekiq: () => boolean): Choice {
  const unknown = wanted.filter((name) => !CONTENDERS.some((known) => known === name));
  if (unknown.length > 0) {
    throw new Error(`Cannot compare ${unknown.join(', ')}: must be among ${CONTENDERS.join(', ')}`);
  }
  const needSidekiq = wanted.filter((name) => name.startsWith('sidekiq'));
  if (needSidekiq.length === 0 || hasSidekiq()) return { chosen: wanted, notices: [] };
  const notice = `Skipped: ${needSidekiq.join(', ')}. Install Debian's packages ruby and ruby-sidekiq to measure them.`;
  return { chosen: wanted.filter((name) => !needSidekiq.includes(name)), notices: [notice] };
}
