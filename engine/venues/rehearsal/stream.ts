import type { WebSocket } from 'ws';
import type { Outlet } from './dialect.ts';
import type { MessageFault } from './faults.ts';

/** One websocket towards a client, whose messages can come twice, late or never. */
export class Stream implements Outlet {
  readonly #socket: WebSocket;
  readonly #fault: (channel: string) => MessageFault | null;
  #held: string[] = [];
  #isSilent = false;

  constructor(socket: WebSocket, fault: (channel: string) => MessageFault | null) {
    this.#socket = socket;
    this.#fault = fault;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  send(channel: string | null, message: unknown): void {
    if (this.#isSilent) return;
    const text = JSON.stringify(message);
    const fault = channel === null ? null : this.#fault(channel);
    if (fault === 'lost') return;
    if (fault === 'late') {
      this.#held.push(text);
      return;
    }
    const held = this.#held;
    this.#held = [];
    for (const each of fault === 'twice' ? [text, text, ...held] : [text, ...held]) this.#socket.send(each);
  }

  /** Nothing is read any more either, so that nobody's ping is answered. */
  silence(): void {
    this.#isSilent = true;
    this.#socket.pause();
  }

  drop(): void {
    this.#socket.terminate();
  }
}
