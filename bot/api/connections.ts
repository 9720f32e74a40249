import type { Socket } from 'node:net';
import { Problem } from './problem.ts';

export interface ConnectionLimits {
  /** At once, streams included. */
  readonly all: number;
  /** At once of one who holds a token. */
  readonly ofHolder: number;
}

/**
 * Who is connected. When there is no more room, whoever came first and has shown no token makes room for the next: those who never ask
 * anything, or never end asking, keep nobody out who does.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** Whose each is, null for those who have shown no token; in the order in which they came. */
  readonly #all = new Map<Socket, number | null>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** A new one, of which nothing is known yet. */
  take(socket: Socket): void {
    if (this.#all.size >= this.#limits.all) {
      const stranger = [...this.#all].find(([, holder]) => holder === null)?.[0];
      this.#drop(stranger ?? socket);
      if (stranger === undefined) return;
    }
    this.#all.set(socket, null);
    socket.once('close', () => this.#all.delete(socket));
  }

  /** It has shown whose it is. @throws Problem 429 when that one has enough of them */
  recognise(socket: Socket, holder: number): void {
    const others = [...this.#all].filter(([other, whose]) => whose === holder && other !== socket).length;
    if (others >= this.#limits.ofHolder) {
      const most = `One token has at most ${this.#limits.ofHolder} connections at once.`;
      throw new Problem(429, 'too-many-connections', most, { 'Retry-After': '5' });
    }
    if (this.#all.has(socket)) this.#all.set(socket, holder);
  }

  #drop(socket: Socket): void {
    this.#all.delete(socket);
    socket.destroy();
  }
}
