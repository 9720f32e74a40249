import { describe, expect, it } from 'vitest';
import { parseComment } from '#bot/commands/parse-comment.ts';

describe('a comment', () => {
  it.each([
    ['/help', 'help', []],
    ['  /merge 0123abcd  ', 'merge', ['0123abcd']],
    ['/RETEST', 'retest', []],
    ['\n\n/help\n\n', 'help', []],
    ['/backtest fast=9 slow=21', 'backtest', ['fast=9', 'slow=21']],
  ])('that is %j is a command', (body, name, words) => {
    expect(parseComment(body)).toEqual({ kind: 'command', name, words });
  });

  it.each([
    'looks good',
    '> /merge abc',
    '`/merge abc`',
    '```\n/merge abc\n```',
    'please /merge',
    '/merge abc\nthanks',
    '/merge abc\u2028thanks',
    '    /merge abc',
    '\t/merge abc',
    '\n\n    /merge abc',
    '//merge',
    '/ merge',
    '',
  ])('that is %j is talk', (body) => {
    expect(parseComment(body)).toEqual({ kind: 'ignore' });
  });
});
