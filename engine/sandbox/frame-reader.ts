import { decodeHead, FRAME_HEAD_BYTES, type FrameHead } from './frame.ts';

/** A frame as it came from the child, its bytes already counted but nothing in it believed. */
export interface Frame {
  readonly id: number;
  readonly kind: number;
  readonly text: string;
  readonly arrays: Float64Array[];
}

export interface FrameLimits {
  readonly textBytesMax: number;
  readonly arrayCountMax: number;
  readonly arrayBytesMax: number;
}

/** What of a frame's body has come so far. */
interface Body {
  readonly text: string;
  readonly arrays: Float64Array[];
  /** Arrays that are full. */
  complete: number;
  /** Of the array behind them. */
  filledBytes: number;
}

/** Turns the child's output into frames. Sizes are judged before anything is allocated; `push` says what is wrong, if anything is. */
export class FrameReader {
  readonly #limits: FrameLimits;
  #chunks: Buffer[] = [];
  #available = 0;
  #head: FrameHead | undefined;
  #body: Body | undefined;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Bytes received that belong to no complete frame. */
  get isInsideFrame(): boolean {
    return this.#available > 0 || this.#head !== undefined;
  }

  push(chunk: Buffer): { readonly frames: Frame[] } | { readonly violation: string } {
    this.#chunks.push(chunk);
    this.#available += chunk.byteLength;
    const frames: Frame[] = [];
    for (;;) {
      const next = this.#next();
      if (next === undefined) return { frames };
      if (typeof next === 'string') return { violation: next };
      frames.push(next);
    }
  }

  #next(): Frame | string | undefined {
    const { textBytesMax, arrayCountMax, arrayBytesMax } = this.#limits;
    if (this.#head === undefined) {
      if (this.#available < FRAME_HEAD_BYTES) return undefined;
      this.#head = decodeHead(this.#take(FRAME_HEAD_BYTES));
      if (this.#head === undefined) return 'bytes that are no frame';
      if (this.#head.textBytes > textBytesMax) return `a text of ${this.#head.textBytes} bytes, the limit is ${textBytesMax}`;
      if (this.#head.arrayCount > arrayCountMax) return `${this.#head.arrayCount} arrays, the limit is ${arrayCountMax}`;
    }
    const { arrayCount, textBytes } = this.#head;
    if (this.#body === undefined) {
      if (this.#available < 4 * arrayCount + textBytes) return undefined;
      const bytes = this.#take(4 * arrayCount);
      const lengths = Array.from({ length: arrayCount }, (_, index) => bytes.readUInt32LE(4 * index));
      const total = 8 * lengths.reduce((sum, length) => sum + length, 0);
      if (total > arrayBytesMax) return `arrays of ${total} bytes, the limit is ${arrayBytesMax}`;
      this.#body = {
        text: this.#take(textBytes).toString('utf8'),
        arrays: lengths.map((length) => new Float64Array(length)),
        complete: 0,
        filledBytes: 0,
      };
    }
    if (!this.#fill(this.#body)) return undefined;
    const { text, arrays } = this.#body;
    const { id, kind } = this.#head;
    this.#head = undefined;
    this.#body = undefined;
    return { id, kind, text, arrays };
  }

  /** Moves what has come into the arrays it belongs to; true when all are full. */
  #fill(body: Body): boolean {
    while (body.complete < body.arrays.length) {
      const bytes = new Uint8Array(body.arrays[body.complete]!.buffer);
      while (body.filledBytes < bytes.byteLength) {
        const chunk = this.#chunks[0];
        if (chunk === undefined) return false;
        const part = this.#take(Math.min(chunk.byteLength, bytes.byteLength - body.filledBytes));
        bytes.set(part, body.filledBytes);
        body.filledBytes += part.byteLength;
      }
      body.complete += 1;
      body.filledBytes = 0;
    }
    return true;
  }

  #take(count: number): Buffer {
    this.#available -= count;
    const first = this.#chunks[0];
    if (first !== undefined && first.byteLength >= count) {
      this.#chunks[0] = first.subarray(count);
      if (this.#chunks[0].byteLength === 0) this.#chunks.shift();
      return first.subarray(0, count);
    }
    const all = Buffer.concat(this.#chunks);
    this.#chunks = all.byteLength > count ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }
}
