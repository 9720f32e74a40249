import { expect, it } from 'vitest';
import { canonicalJson } from '#engine/attestation/canonical.ts';

it('orders names, and writes a value in one way only (RFC 8785)', () => {
  expect(canonicalJson({ b: 1e21, a: [true, null, '€'], '📈': -0 })).toBe('{"a":[true,null,"€"],"b":1e+21,"📈":0}');
});

it.each([
  ['not a number', { a: { b: [NaN] } }, '$.a.b[0] is NaN'],
  ['nothing', { a: undefined }, '$.a is undefined'],
  ['a map', { a: new Map() }, '$.a is Map'],
  ['half a character', { a: '📈'.slice(0, 1) }, '$.a is a text with half a character'],
  ['a name of half a character', { ['📈'.slice(1)]: 1 }, 'named with half a character'],
])('refuses %s, which JSON would lose or nobody could read', (_what, value, why) => {
  expect(() => canonicalJson(value)).toThrow(
    expect.objectContaining({ code: 'canonical/lossy', message: expect.stringContaining(why) }),
  );
});
