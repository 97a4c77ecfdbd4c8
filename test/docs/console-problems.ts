/** Problems that only the console and the operators' API answer with; an application never meets them. */
export const CONSOLE_PROBLEMS: readonly string[] = [
  'foreign_origin',
  'no_test_lane',
  'last_operator_key',
  'operator_key_required',
  'operator_name_taken',
  'own_operator_key',
  'read_only',
  'too_many_operators',
];
