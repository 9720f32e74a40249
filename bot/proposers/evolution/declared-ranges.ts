import { parseSync } from 'oxc-parser';
import { z } from 'zod';
import type { ParameterRange, ParameterRanges } from '#engine/contract/types.ts';

const Range = z
  .object({ default: z.number(), min: z.number(), max: z.number(), step: z.number().positive(), description: z.string() })
  .refine(({ min, max }) => min <= max);

/**
 * The parameter ranges a strategy's source declares, read from the text without running it: the object of literals under
 * `parameters:`. Ranges that are computed are not seen, so they are not searched.
 */
export function declaredRanges(source: string): ParameterRanges {
  const { program, errors } = parseSync('strategy.ts', source);
  if (errors.length > 0) return {};
  for (const property of propertiesWithin(program)) {
    if (property.name !== 'parameters') continue;
    const ranges = rangesOf(property.value);
    if (Object.keys(ranges).length > 0) return ranges;
  }
  return {};
}

interface Property {
  readonly name: string;
  readonly value: unknown;
}

function rangesOf(object: unknown): ParameterRanges {
  const ranges: Record<string, ParameterRange> = {};
  for (const { name, value } of propertiesOf(object)) {
    const fields = propertiesOf(value).map((field) => [field.name, literalOf(field.value)]);
    const range = Range.safeParse(Object.fromEntries(fields));
    if (range.success) ranges[name] = range.data;
  }
  return ranges;
}

/** Every `name: value` of every object in the tree, outermost first. */
function* propertiesWithin(node: unknown): Generator<Property> {
  yield* propertiesOf(node);
  if (typeof node !== 'object' || node === null) return;
  for (const child of Object.values(node)) yield* propertiesWithin(child);
}

function propertiesOf(node: unknown): Property[] {
  const object = ObjectExpression.safeParse(node);
  if (!object.success) return [];
  return object.data.properties.flatMap((item) => {
    const property = PropertyNode.safeParse(item);
    if (!property.success) return [];
    const name = property.data.key.name ?? property.data.key.value;
    return typeof name === 'string' ? [{ name, value: property.data.value }] : [];
  });
}

function literalOf(node: unknown): unknown {
  const literal = Literal.safeParse(node);
  if (literal.success) return literal.data.value;
  const negative = NegativeLiteral.safeParse(node);
  return negative.success ? -negative.data.argument.value : undefined;
}

const ObjectExpression = z.object({ type: z.literal('ObjectExpression'), properties: z.array(z.unknown()) });
const PropertyNode = z.object({
  type: z.literal('Property'),
  computed: z.literal(false),
  key: z.object({ name: z.string().optional(), value: z.unknown().optional() }),
  value: z.unknown(),
});
const Literal = z.object({ type: z.literal('Literal'), value: z.union([z.number(), z.string()]) });
const NegativeLiteral = z.object({
  type: z.literal('UnaryExpression'),
  operator: z.literal('-'),
  argument: z.object({ type: z.literal('Literal'), value: z.number() }),
});
