import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { columned } from '#bot/cli/columned.ts';
import { createReporter } from '#bot/cli/up/reporter.ts';

const WORDS = 'Quiet.\n::add-mask::a\r\n::stop-commands::x\u001b[2J';
const SHOWN = 'Quiet. ::add-mask::a ::stop-commands::x[U+001B][2J';

it.each([false, true])('a model’s words stay on their line, and move no cursor (terminal: %s)', (isTTY) => {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 200 });
  const report = createReporter(stream as unknown as NodeJS.WriteStream);
  report({ kind: 'phase', phase: 'decide', message: WORDS });
  report({ kind: 'done', phase: 'decide', message: `NO_CHANGE: ${WORDS}` });
  const written = String(stream.read());
  expect(written.split('\n')).toEqual([expect.stringContaining(`decide   NO_CHANGE: ${SHOWN}`), '']);
  const text = written.replaceAll('\r\u001b[2K', '');
  expect(['\r', '\u001b'].filter((character) => text.includes(character))).toEqual([]);
  expect(written.includes(`… decide   ${SHOWN}`)).toBe(isTTY);
});

it('a cell of a table is one line', () => {
  expect(columned(['a', 'b'], [[WORDS, '1']], [1])).toBe(`${'a'.padEnd(SHOWN.length)}  b\n${SHOWN}  1`);
});
