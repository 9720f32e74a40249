import type { Exchange, Prompt } from './model.ts';

/** Asks a model; budget, record and what is told again of a night that is run again are whose business it is that gives this. */
export type Say = <T>(prompt: Prompt<T>) => Promise<Pick<Exchange<T>, 'outcome' | 'record'>>;
