/**
 * The one message format between the engine and a sandbox process, on standard input and output.
 *
 *     u32 magic │ u32 id │ u32 kind │ u32 bytes of text │ u32 number of arrays │ u32 length of each array
 *     text, UTF-8 │ the arrays' raw doubles
 *
 * Little-endian throughout; the doubles are in the machine's own order, which is the same on both sides of a pipe.
 */
export const FRAME_MAGIC = 0x31465452;
export const FRAME_HEAD_BYTES = 20;

export const FRAME_KIND = {
  /** To the child: the realm's code. */
  start: 0,
  /** From the child: the realm is up. */
  ready: 1,
  /** To the child: `method`, newline, input as JSON. */
  call: 2,
  /** From the child: output as JSON. */
  output: 3,
  /** From the child: `{ message, line? }` of what was thrown. */
  fault: 4,
} as const;

export interface FrameHead {
  readonly id: number;
  readonly kind: number;
  readonly textBytes: number;
  readonly arrayCount: number;
}

export function encodeHead(id: number, kind: number, textBytes: number, arrayLengths: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + 4 * arrayLengths.length);
  const view = new DataView(bytes.buffer);
  [FRAME_MAGIC, id, kind, textBytes, arrayLengths.length, ...arrayLengths].forEach((value, index) => {
    view.setUint32(4 * index, value, true);
  });
  return bytes;
}

/** The head at the start of `bytes`, or undefined when these are not the first bytes of a frame. */
export function decodeHead(bytes: Uint8Array): FrameHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== FRAME_MAGIC) return undefined;
  return {
    id: view.getUint32(4, true),
    kind: view.getUint32(8, true),
    textBytes: view.getUint32(12, true),
    arrayCount: view.getUint32(16, true),
  };
}
