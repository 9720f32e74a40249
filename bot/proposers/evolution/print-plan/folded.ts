import { LINE_WIDTH } from '../print/text.ts';

/** A list on one line where it fits behind `indent` columns, else one item a line, as the house's formatter has it. */
export function folded(open: string, items: readonly string[], close: string, indent: number, isPadded = true): string[] {
  const pad = isPadded ? ' ' : '';
  const oneLine = `${open}${pad}${items.join(', ')}${pad}${close}`;
  if (indent + oneLine.length <= LINE_WIDTH) return [oneLine];
  return [open, ...items.map((item) => `  ${item},`), close];
}

/** Operands with their signs behind a head: on its line, on the next, or each on a line of its own. */
export function foldedLogic(head: string, operands: readonly string[], end: string, indent: number): string[] {
  const all = `${operands.join(' ')}${end}`;
  if (indent + head.length + 1 + all.length <= LINE_WIDTH) return [`${head} ${all}`];
  if (indent + 2 + all.length <= LINE_WIDTH) return [head, `  ${all}`];
  return [head, ...operands.map((operand, index) => `  ${operand}${index === operands.length - 1 ? end : ''}`)];
}

/** A call behind the arrow of a function: on its line, on the next, or with each argument on a line of its own. */
export function foldedCall(head: string, callee: string, items: readonly string[], end: string, indent: number): string[] {
  const all = `${callee}(${items.join(', ')})${end}`;
  if (indent + head.length + 1 + all.length <= LINE_WIDTH) return [`${head} ${all}`];
  if (indent + 2 + all.length <= LINE_WIDTH) return [head, `  ${all}`];
  return [head, `  ${callee}(`, ...items.map((item) => `    ${item},`), `  )${end}`];
}
