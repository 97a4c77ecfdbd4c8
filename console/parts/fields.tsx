import { texts } from '../texts/texts.tsx';

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly choices: readonly (readonly [value: string, text: string])[];
  /** What it means to choose none of them. @default all */
  readonly none?: string;
}

export function Choice({ name, label, value = '', choices, none = texts.value.all }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name} value={value}>
        <option value="">{none}</option>
        {choices.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly type?: 'text' | 'datetime-local';
  readonly list?: readonly string[];
}

export function Field({ name, label, value = '', type = 'text', list = [] }: FieldProps) {
  return (
    <label>
      {label}
      <input
        name={name}
        type={type}
        value={value}
        list={`${name}-list`}
        autocomplete="off"
        spellcheck={false}
      />
      {list.length > 0 && (
        <datalist id={`${name}-list`}>
          {list.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </label>
  );
}

interface AmountProps {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly min: number;
  readonly max?: number;
  /** What stands now; null: nothing. */
  readonly value: number | null;
}

/** A whole number that may be left out. */
export function Amount({ name, label, help, min, max = 999_999_999, value }: AmountProps) {
  return (
    <label>
      {label}
      <input
        name={name}
        type="number"
        min={min}
        max={max}
        defaultValue={value === null ? '' : String(value)}
      />
      {help !== '' && <span class="help">{help}</span>}
    </label>
  );
}

export function readAmount(form: FormData, name: string): number | null {
  const text = String(form.get(name) ?? '').trim();
  return text === '' ? null : Number(text);
}
