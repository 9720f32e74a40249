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

/** Turns the child's output into frames. Sizes are judged before anything is allocated; `push` says what is wrong, if anything is. */
export class FrameReader {
  readonly #limits: FrameLimits;
  #chunks: Buffer[] = [];
  #available = 0;
  #head: FrameHead | undefined;
  #lengths: number[] | undefined;

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
    if (this.#lengths === undefined) {
      if (this.#available < 4 * arrayCount) return undefined;
      const bytes = this.#take(4 * arrayCount);
      this.#lengths = Array.from({ length: arrayCount }, (_, index) => bytes.readUInt32LE(4 * index));
      const total = 8 * this.#lengths.reduce((sum, length) => sum + length, 0);
      if (total > arrayBytesMax) return `arrays of ${total} bytes, the limit is ${arrayBytesMax}`;
    }
    const lengths = this.#lengths;
    if (this.#available < textBytes + 8 * lengths.reduce((sum, length) => sum + length, 0)) return undefined;

    const text = this.#take(textBytes).toString('utf8');
    const arrays = lengths.map((length) => {
      const array = new Float64Array(length);
      new Uint8Array(array.buffer).set(this.#take(8 * length));
      return array;
    });
    const { id, kind } = this.#head;
    this.#head = undefined;
    this.#lengths = undefined;
    return { id, kind, text, arrays };
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
