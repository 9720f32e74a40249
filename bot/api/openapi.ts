import { z } from 'zod';
import { ApiEvent, eventTypes } from './events/event.ts';
import { ProblemBody, type ProblemStatus } from './problem.ts';
import { Meta, type Resource } from './resource.ts';
import { resources } from './resources/index.ts';

type Json = Record<string, unknown>;

const refusals: Readonly<Partial<Record<ProblemStatus, string>>> = {
  400: 'The query or the cursor cannot be taken.',
  401: 'No token, or one that is not known.',
  403: 'A page in a browser asked.',
  413: 'A body was sent.',
  414: 'The address is too long.',
  429: 'Asked too often; Retry-After says when to come again.',
  500: 'The answer could not be made.',
  503: 'There is no record yet, or it cannot be read now.',
};

/** What may be asked and what is answered, as OpenAPI 3.1, made from the schemas that check both. */
export function openApiDocument(version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: "Ratchet's Data API",
      version,
      description: "The engine's record, read only. Amounts of money are in the quote asset; times are UTC milliseconds.",
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths: {
      ...Object.fromEntries(resources.map((one) => [`/v1/${one.name}`, { get: operationOf(one) }])),
      '/v1/events': { get: eventsOperation() },
      '/v1/openapi.json': {
        get: {
          operationId: 'openapi',
          summary: 'This document.',
          responses: { 200: { description: 'OpenAPI 3.1', content: json({ type: 'object' }) }, ...refused() },
        },
      },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Meta: schemaOf(Meta), Problem: schemaOf(ProblemBody), Event: schemaOf(ApiEvent) },
      responses: Object.fromEntries(
        Object.entries(refusals).map(([status, description]) => [
          `Refused${status}`,
          { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
        ]),
      ),
    },
  };
}

function operationOf({ name, summary, query, data }: Resource): Json {
  const envelope = {
    type: 'object',
    properties: { data: schemaOf(data), meta: { $ref: '#/components/schemas/Meta' } },
    required: ['data', 'meta'],
    additionalProperties: false,
  };
  return {
    operationId: name,
    summary,
    parameters: parametersOf(query),
    responses: { 200: { description: summary, content: json(envelope) }, ...refused() },
  };
}

function eventsOperation(): Json {
  return {
    operationId: 'events',
    summary: 'A websocket on which everything that is recorded is told as it is, each message one Event.',
    parameters: [
      {
        name: 'cursor',
        in: 'query',
        description: 'go on after the event that had it; from now on if left out',
        schema: { type: 'string', maxLength: 512 },
      },
      {
        name: 'types',
        in: 'query',
        description: `only these, separated by commas: ${eventTypes.join(', ')}`,
        schema: { type: 'string', maxLength: 100 },
      },
    ],
    responses: {
      101: { description: 'Messages are of #/components/schemas/Event.' },
      410: {
        description: 'What came after the cursor is not kept event by event any more.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
      ...refused(),
    },
  };
}

function parametersOf(query: z.ZodObject): Json[] {
  return Object.entries(query.shape).map(([name, type]) => {
    const { description, ...schema } = schemaOf(type as z.ZodType);
    return { name, in: 'query', ...(description === undefined ? {} : { description }), schema };
  });
}

function refused(): Json {
  return Object.fromEntries(Object.keys(refusals).map((status) => [status, { $ref: `#/components/responses/Refused${status}` }]));
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

/** As JSON Schema of the dialect of OpenAPI 3.1. */
function schemaOf(type: z.ZodType): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { target: 'draft-2020-12' });
  return schema;
}
