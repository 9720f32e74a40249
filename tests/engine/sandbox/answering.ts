import { FRAME_KIND } from '#engine/sandbox/frame.ts';

/** Code of a child that answers the first frame with the value of an expression, and stays. */
export function answering(expression: string): string {
  return `const fs = require('node:fs'); const head = Buffer.alloc(20); fs.readSync(0, head);
    const text = Buffer.from(String(${expression})); const reply = Buffer.alloc(20); head.copy(reply, 0, 0, 8);
    reply.writeUInt32LE(${FRAME_KIND.output}, 8); reply.writeUInt32LE(text.length, 12); fs.writeSync(1, Buffer.concat([reply, text]));`;
}
