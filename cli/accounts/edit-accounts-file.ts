import { isSeq, parseDocument } from 'yaml';
import { type AccountEntry, parseAccounts, type SecretReference } from '../../shared/config/accounts-file.ts';

/** An account as it is written; what is left out has its default. */
export interface WrittenAccount {
  readonly name: string;
  readonly credentials: WrittenCredentials;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly quota?: number | undefined;
  readonly weight?: number | undefined;
  readonly clients?: readonly string[] | undefined;
  readonly livemode?: boolean | undefined;
}

export interface WrittenCredentials {
  readonly secretId: SecretReference;
  readonly secretKey: SecretReference;
  readonly token?: SecretReference | undefined;
}

export type Edit =
  | { readonly do: 'add'; readonly account: WrittenAccount }
  /** Without credentials, those that are written stay. */
  | { readonly do: 'rotate'; readonly name: string; readonly credentials: WrittenCredentials | null };

export type Edited =
  | { readonly status: 'edited'; readonly text: string; readonly account: AccountEntry }
  | { readonly status: 'refused'; readonly mistakes: readonly string[] };

/**
 * Changes a file of accounts, and leaves what stands around the change, comments included. What would not be read afterwards is
 * not written.
 *
 * @param text of the file; empty for one that does not exist yet
 */
export function editAccountsFile(text: string, edit: Edit, { asJson }: { readonly asJson: boolean }): Edited {
  const document = parseDocument(text === '' ? 'accounts: []' : text);
  if (document.errors.length > 0) return { status: 'refused', mistakes: ['the file must be YAML or JSON'] };
  const name = edit.do === 'add' ? edit.account.name : edit.name;
  const accounts = document.get('accounts');
  if (!isSeq(accounts)) return { status: 'refused', mistakes: ['the file must have a list of accounts'] };
  if (text === '') accounts.flow = false;
  if (edit.do === 'add') {
    accounts.add(document.createNode(withoutUnset(edit.account)));
  } else {
    const index = accounts.items.findIndex((item) => document.createNode(item).toJSON()?.name === name);
    if (index === -1) return { status: 'refused', mistakes: [`the file must have an account ${name}`] };
    if (edit.credentials !== null) {
      const credentials = document.createNode(withoutUnset(edit.credentials));
      document.setIn(['accounts', index, 'credentials'], credentials);
    }
  }
  const isUnchanged = edit.do === 'rotate' && edit.credentials === null;
  const edited = isUnchanged
    ? text
    : asJson
      ? `${JSON.stringify(document.toJS(), null, 2)}\n`
      : String(document);
  const parsed = parseAccounts(edited);
  if (!parsed.ok) return { status: 'refused', mistakes: parsed.mistakes };
  const account = parsed.accounts.find((each) => each.name === name);
  if (account === undefined)
    return { status: 'refused', mistakes: [`the file must have an account ${name}`] };
  return { status: 'edited', text: edited, account };
}

const withoutUnset = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
