// Bundled into the strategy realm: no Node imports here.

/**
 * A fixed number of doubles by index. In the realm, where prototypes are frozen, storing into an element of a typed array takes 40 ns,
 * through a DataView 2 to 7.
 */
export class Ring {
  readonly size: number;
  readonly #view: DataView;

  constructor(size: number) {
    this.size = size;
    this.#view = new DataView(new ArrayBuffer(size * 8));
  }

  get(index: number): number {
    return this.#view.getFloat64(index << 3, true);
  }

  set(index: number, value: number): void {
    this.#view.setFloat64(index << 3, value, true);
  }
}
