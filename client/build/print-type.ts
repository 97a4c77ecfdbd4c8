import { z } from 'zod';

/** What zod writes of a schema, as far as the contract uses it. Anything else is a mistake to be seen while building. */
export interface JsonSchema {
  readonly $ref?: string | undefined;
  readonly description?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly const?: string | undefined;
  readonly 'x-extensible-enum'?: readonly string[] | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly items?: JsonSchema | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  /** Of members with any name. */
  readonly additionalProperties?: JsonSchema | boolean | undefined;
}

export const jsonSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    description: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.string()).optional(),
    const: z.string().optional(),
    'x-extensible-enum': z.array(z.string()).optional(),
    anyOf: z.array(jsonSchema).optional(),
    items: jsonSchema.optional(),
    properties: z.record(z.string(), jsonSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), jsonSchema]).optional(),
  }),
);

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/** Names of unions, by their values. */
export type OpenUnions = Readonly<Record<string, readonly string[]>>;

/**
 * A schema as a TypeScript type; descriptions become comments.
 *
 * @param open the unions that texts with known values refer to
 * @throws {Error} for a schema that has no such type
 */
export function printType(schema: JsonSchema, open: OpenUnions): string {
  if (schema.$ref !== undefined) return schema.$ref;
  if (schema.const !== undefined) return `'${schema.const}'`;
  const known = schema['x-extensible-enum'];
  if (known !== undefined) return printOpen(known, open);
  if (schema.enum !== undefined) return schema.enum.map((value) => `'${value}'`).join(' | ');
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => printType(each, open)).join(' | ');
  if (schema.properties !== undefined) return printObject(schema.properties, schema.required ?? [], open);
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object')
    return `Record<string, ${printType(additionalProperties, open)}>`;
  if (schema.items !== undefined) return `Array<${printType(schema.items, open)}>`;
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const texts = types.map((type) => PRIMITIVES[type]);
  if (texts.length > 0 && !texts.includes(undefined)) return texts.join(' | ');
  throw new Error(
    `Cannot print a type: its schema must be one that the contract uses, received ${JSON.stringify(schema)}`,
  );
}

/** Editors suggest the known values, and accept others. */
function printOpen(known: readonly string[], open: OpenUnions): string {
  const [name] = Object.entries(open).find(([, values]) => values.join() === known.join()) ?? [];
  if (name !== undefined) return `${name} | (string & Record<never, never>)`;
  throw new Error(`Cannot print a type: its known values must have a name, received ${known.join(', ')}`);
}

function printObject(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
  open: OpenUnions,
): string {
  const members = Object.entries(properties).map(([name, schema]) => {
    const type = printType(schema, open);
    const member = required.includes(name) ? `${name}: ${type};` : `${name}?: ${type} | undefined;`;
    const comment = schema.description === undefined ? '' : `/** ${schema.description} */\n`;
    return `${comment}${member}`.replace(/^/gm, '  ');
  });
  return `{\n${members.join('\n')}\n}`;
}
