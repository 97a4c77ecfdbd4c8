import { plural } from '../../shared/contract/plural.ts';

/** The part of `en.ts` that belongs to the operators' page. */
export const enOperators = {
  operators: {
    caption: 'Operators, by name',
    name: 'Name',
    role: 'May',
    full: 'look and change',
    readOnly: 'look',
    key: 'Key',
    createdAt: 'Created',
    lastUsed: 'Last used',
    never: 'never',
    sessions: 'Open sessions',
    self: 'you',
    environment: 'The OPERATOR_KEY of the producers. It changes with their setting.',
    none: 'No operator has a key of their own yet: who knows OPERATOR_KEY acts as “environment”.',
    help: 'Each operator acts with a key and under a name, which stands in the log and in Activity. “Last used” is a minute late at most.',
    add: 'New operator',
    nameHelp: 'As it stands in Activity: 1 to 40 letters, digits and . _ @ -',
    roleHelp: 'A key that may change things can also add and revoke operators.',
    create: 'Create the key',
    created: 'The key is created. Copy it now: it cannot be shown again.',
    operatorKey: 'Operator key',
    revoke: 'Revoke…',
    revokeName: (name: string) => `Revoke the key of ${name}`,
    revokeTitle: (name: string) => `Revoke the key of ${name}?`,
    revokeConsequence: (sessions: string) =>
      `The key is refused at once${sessions === '0' ? '' : `, and ${plural(sessions, 'open session')} with it`}. What the operator did stays in Activity.`,
    ownWarning: 'This is your own key: you are signed out at once, and cannot sign in with it again.',
    lastWarning:
      'No other operator has a key that may change things. After this, only OPERATOR_KEY of the producers can.',
    revokeConfirm: 'Revoke',
    revokeAnyway: 'Revoke anyway',
    revoked: (name: string) => `The key of ${name} is revoked.`,
  },
};
