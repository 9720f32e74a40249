import type { Json } from '#engine/sandbox/realm-api.ts';
import { sourceLineOf } from './evaluate.ts';
import { artifactLine } from './stack-lines.ts';

const MESSAGE_MAX = 500;

/** A thrown value as JSON: what it says, and the line of the source where it was made. Whatever was thrown, this does not throw. */
export function faultOf(thrown: unknown): Json {
  const line = thrown instanceof Error ? sourceLineOf(artifactLine(thrown)) : undefined;
  return { message: messageOf(thrown), ...(line === undefined ? {} : { line }) };
}

function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${String(thrown.name)}: ${String(thrown.message)}`.slice(0, MESSAGE_MAX);
    if (typeof thrown === 'object' || typeof thrown === 'function') return 'It threw something that is not an Error.';
    return `It threw ${String(thrown)}`.slice(0, MESSAGE_MAX);
  } catch {
    return 'It threw an error that cannot be read.';
  }
}
