/**
 * What a program that runs inside the sandbox is written against. No Node import may reach this file:
 * it is bundled into the child's bare realm, where there is no Node.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** By method name. A handler that throws answers the caller with `sandbox/strategy-fault`; the process lives on. */
export type RealmHandlers = Record<string, (input: Json, arrays: Float64Array[]) => { output: Json; arrays?: Float64Array[] }>;

export interface RealmHost {
  /**
   * Evaluates an artifact's code in a fresh SES compartment and returns its `module.exports`; the strategy is `.default`.
   * `endowments.contract` is what the code's `require('ratchet/contract')` yields; other endowments become globals.
   */
  evaluate(code: string, endowments: Record<string, unknown>): unknown;
  /** Freezes a value and everything reachable from it. */
  harden<T>(value: T): T;
}

/** The default export of a sandbox program. */
export type RealmProgram = (host: RealmHost) => RealmHandlers;
