/** As much of an OpenAPI document as is completed here. */
export interface ApiDocument {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks?: object;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, JsonSchema>>;
    readonly [part: string]: unknown;
  };
  readonly [part: string]: unknown;
}

export interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, MediaType>>;
    readonly [part: string]: unknown;
  };
  readonly responses?: Readonly<Record<string, Response>>;
  readonly [part: string]: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly [part: string]: unknown;
}

export interface MediaType {
  readonly schema?: JsonSchema;
  readonly [part: string]: unknown;
}

export interface Response {
  readonly content?: Readonly<Record<string, MediaType>>;
  readonly [part: string]: unknown;
}

export interface JsonSchema {
  readonly $ref?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: unknown;
  readonly [part: string]: unknown;
}

/** A copy of an object with each of its values changed. */
export function mapValues<From, To>(
  object: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}
