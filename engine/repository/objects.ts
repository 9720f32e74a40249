import { RatchetError } from '#engine/errors.ts';

export interface ObjectInfo {
  readonly hash: string;
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  readonly size: number;
}

/** Reads the answer of `cat-file --batch-check`: one entry a question, null where the object is missing. */
export function parseBatchCheck(output: Buffer): (ObjectInfo | null)[] {
  return output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(parseHeader);
}

export interface ObjectContent extends ObjectInfo {
  readonly content: Buffer;
}

/** Reads the answer of `cat-file --batch`: header, content, newline, for each question in turn; null where the object is missing. */
export function parseBatch(output: Buffer): (ObjectContent | null)[] {
  const contents: (ObjectContent | null)[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(10, at);
    if (end < 0) throw garbled('a header without its end');
    const info = parseHeader(output.toString('utf8', at, end));
    at = end + 1;
    if (info === null) {
      contents.push(null);
      continue;
    }
    if (at + info.size >= output.length) throw garbled('an object cut short');
    contents.push({ ...info, content: output.subarray(at, at + info.size) });
    at += info.size + 1;
  }
  return contents;
}

function parseHeader(line: string): ObjectInfo | null {
  const match = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(line);
  if (match === null) {
    if (/ (missing|ambiguous)$/.test(line)) return null;
    throw garbled(JSON.stringify(line.slice(0, 120)));
  }
  return { hash: match[1]!, type: match[2] as ObjectInfo['type'], size: Number(match[3]) };
}

function garbled(what: string): RatchetError {
  return new RatchetError('repository/garbled', `git answered with ${what}.`, 'Run git fsck on the repository.');
}
