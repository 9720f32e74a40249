import { ApiError } from '#bot/forge/http/api-error.ts';
import type { RefChange } from '#bot/forge/protection/judge-ref-change.ts';

const maxHeaderBytes = 1_000_000;

/** The commands of a push and the bytes read to find them, which git must still be given. */
export interface ReceiveCommands {
  changes: RefChange[];
  read: Buffer;
}

/** Reads the list of references at the head of a push (git's pkt-line format: gitprotocol-pack, "Reference Update Request") and no further. */
export async function readReceiveCommands(stream: AsyncIterator<Buffer>): Promise<ReceiveCommands> {
  const changes: RefChange[] = [];
  let read = Buffer.alloc(0);
  let at = 0;
  for (;;) {
    while (read.length - at < 4 || read.length - at < Math.max(4, lengthAt(read, at))) {
      const next = await stream.next();
      if (next.done === true) {
        if (read.length === at) return { changes, read };
        throw new ApiError(400, 'The push ends in the middle of its commands');
      }
      read = Buffer.concat([read, next.value]);
      if (read.length - next.value.length > maxHeaderBytes) throw new ApiError(413, 'The push names too many references');
    }
    const length = lengthAt(read, at);
    if (length === 0) return { changes, read };
    const line = read
      .toString('utf8', at + 4, at + length)
      .split('\0')[0]!
      .replace(/\n$/, '');
    at += length;
    const match = /^([0-9a-f]{40}) ([0-9a-f]{40}) (.+)$/.exec(line);
    if (match !== null) changes.push({ before: match[1]!, after: match[2]!, ref: match[3]! });
    else if (!line.startsWith('shallow ')) throw new ApiError(400, 'The push has a command that is not understood');
  }
}

/** The length of the packet at `at`, its own four digits included; 0 is the flush that ends the list. */
function lengthAt(read: Buffer, at: number): number {
  if (read.length - at < 4) return 4;
  const digits = read.toString('latin1', at, at + 4);
  const length = Number.parseInt(digits, 16);
  if (!/^[0-9a-f]{4}$/i.test(digits) || (length !== 0 && length < 4)) throw new ApiError(400, "The push is not in git's format");
  return length;
}
