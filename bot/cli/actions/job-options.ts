import { InvalidArgumentError } from 'commander';

/** @throws InvalidArgumentError, which commander says beside the option's name */
export function pullNumber(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be the number of a pull request.');
}

/** @throws InvalidArgumentError, which commander says beside the option's name */
export function fullHash(text: string): string {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a full hash.');
}
