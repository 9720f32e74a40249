import './lockdown.ts';
import type { Json, RealmHandlers, RealmHost, RealmProgram } from '#engine/sandbox/realm-api.ts';
import { evaluate } from './evaluate.ts';
import { faultOf } from './fault.ts';

declare const harden: <T>(value: T) => T;

/**
 * What the child's own code may ask of the realm. Strings, numbers and the realm's own Float64Arrays cross, never an object
 * of the child's: whoever breaks out of the compartment finds nothing here that leads further.
 */
export interface RealmPort {
  /** A new array that becomes an argument of the next dispatch; the child fills its memory. */
  allocate(length: number): Float64Array;
  /** Runs a handler; never throws. Answers `+` and the output's JSON, or `-` and the fault's. */
  dispatch(method: string, inputJson: string): string;
  resultCount(): number;
  resultArray(index: number): Float64Array;
}

const { parse, stringify } = JSON;

export function startRealm(program: RealmProgram): RealmPort {
  const host: RealmHost = harden({ evaluate, harden });
  const handlers: RealmHandlers = program(host);
  let pending: Float64Array[] = [];
  let results: Float64Array[] = [];

  return {
    allocate(length) {
      const array = new Float64Array(length);
      pending.push(array);
      return array;
    },
    dispatch(method, inputJson) {
      const arrays = pending;
      pending = [];
      results = [];
      try {
        if (!Object.hasOwn(handlers, method)) throw new TypeError(`The sandbox program has no method '${method}'.`);
        const answer = handlers[method]!(parse(inputJson) as Json, arrays);
        const json = stringify(answer.output);
        if (json === undefined) throw new TypeError(`The method '${method}' returned no JSON.`);
        results = answer.arrays ?? [];
        return `+${json}`;
      } catch (error) {
        results = [];
        return `-${stringify(faultOf(error))}`;
      }
    },
    resultCount: () => results.length,
    resultArray: (index) => results[index]!,
  };
}
