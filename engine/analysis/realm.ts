import type { AnalysisDefinition, Query, Row, Schema } from '#engine/contract/analysis.ts';
import * as contract from '#engine/contract/index.ts';
import type { RealmHandlers, RealmHost } from '#engine/sandbox/realm-api.ts';
import { plainJson } from './plain-json.ts';
import type { Question } from './query/material.ts';

// The program of an analysis module's sandbox process: it is bundled into a bare realm, where there is no Node and no zod.
// Nothing of the outside can be called from here, so a module is run until it asks something that was not answered yet, and run again
// from the start when it was. Its source may hold no `try`, so nothing of it sees how it is stopped.

interface Answered {
  readonly question: string;
  readonly rows: readonly Row[];
}

export default function analysisProgram(realm: RealmHost): RealmHandlers {
  const endowments = { contract: realm.harden({ ...contract }) };
  const suspended = realm.harden({});
  let analyze: AnalysisDefinition['analyze'] | null = null;
  let schema: Schema | null = null;
  const answers: Answered[] = [];

  function load(input: { readonly code: string; readonly schema: Schema }) {
    const definition = definitionIn(realm.evaluate(input.code, endowments));
    analyze = (query, about) => definition.analyze(query, about);
    schema = realm.harden(input.schema);
    return { output: { description: definition.description } };
  }

  function proceed(input: { readonly answered: { readonly question: Question; readonly rows: readonly Row[] } | null }) {
    if (analyze === null || schema === null) throw new TypeError('No module has been loaded.');
    if (input.answered !== null) {
      const { question, rows } = input.answered;
      // What a module did to them would be there when it is run again.
      for (const row of rows) Object.freeze(row);
      answers.push({ question: textOf(question), rows: Object.freeze(rows) });
    }
    return run(analyze, schema);
  }

  function run(analyzes: AnalysisDefinition['analyze'], about: Schema) {
    let asked = 0;
    let open: Question | null = null;
    const query: Query = <R extends Row>(sql: string, parameters: readonly (string | number | null)[] = []) => {
      const question = questionOf(sql, parameters);
      const known = answers[asked];
      asked += 1;
      if (open !== null || known === undefined) {
        open ??= question;
        throw suspended;
      }
      if (known.question !== textOf(question))
        throw new TypeError('analyze asked something else when it was run again: it asks the same in the same order.');
      return known.rows as readonly R[];
    };
    try {
      const answer = plainJson(analyzes(realm.harden(query), about));
      if (open === null) return { output: { answer } };
    } catch (error) {
      if (error !== suspended) throw error;
    }
    return { output: { question: open } };
  }

  return { load, proceed } as unknown as RealmHandlers;
}

function definitionIn(exports: unknown): AnalysisDefinition {
  const definition = (exports as { default?: unknown }).default as Partial<AnalysisDefinition> | null | undefined;
  if (typeof definition?.analyze !== 'function' || typeof definition.description !== 'string') {
    throw new TypeError(
      'The default export is no analysis module: export default defineAnalysis({ description, analyze(query, schema) … }).',
    );
  }
  return definition as AnalysisDefinition;
}

function questionOf(sql: unknown, parameters: unknown): Question {
  if (typeof sql !== 'string') throw new TypeError('query takes the text of a statement.');
  if (!Array.isArray(parameters)) throw new TypeError('query takes the parameters as a list.');
  for (const value of parameters as unknown[]) {
    const isFit = value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
    if (!isFit) throw new TypeError('A parameter of a statement is text, a finite number or null.');
  }
  return { sql, parameters: [...(parameters as (string | number | null)[])] };
}

function textOf({ sql, parameters }: Question): string {
  return JSON.stringify([sql, parameters]);
}
