/*
 * The whole of what runs in the sandbox process outside the realm: a synchronous loop over frames. It is bundled and given
 * to `node -e`, since the process may read no file. No microtask runs between two calls, and no object of this side is ever
 * handed to the other.
 */
import { readSync, writeSync } from 'node:fs';
import { types } from 'node:util';
import vm from 'node:vm';
import { decodeHead, encodeHead, FRAME_HEAD_BYTES, FRAME_KIND } from '#engine/sandbox/frame.ts';
import type { RealmPort } from '#engine/sandbox/realm/start.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const bufferOf = getter('buffer') as (array: Float64Array) => ArrayBuffer;
const byteOffsetOf = getter('byteOffset') as (array: Float64Array) => number;
const byteLengthOf = getter('byteLength') as (array: Float64Array) => number;
const exit = process.exit.bind(process);

disarm();
main();

function main(): void {
  const start = receive();
  const port = boot(start.text);
  send(start.id, FRAME_KIND.ready, '');
  for (;;) {
    const call = receive(port);
    const split = call.text.indexOf('\n');
    const answer: unknown = port.dispatch(call.text.slice(0, split), call.text.slice(split + 1));
    // Nothing of the realm's but a text may be handled here: whatever it is asked for, an object of its own answers itself.
    if (typeof answer !== 'string') exit(65);
    else if (answer.charCodeAt(0) !== 43) send(call.id, FRAME_KIND.fault, answer.slice(1));
    else send(call.id, FRAME_KIND.output, answer.slice(1), resultsOf(port));
  }
}

/** Only our own code has run when this fails, so the error may be read and told. */
function boot(code: string): RealmPort {
  try {
    return bootRealm(code);
  } catch (error) {
    const stack = String((error as Error).stack ?? error);
    writeSync(STDERR, `${String(error)} ${stack.slice(-1000)}`);
    return exit(70);
  }
}

function bootRealm(code: string): RealmPort {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY as unknown as vm.Context, {
    name: 'realm',
    codeGeneration: { strings: true, wasm: false },
  });
  return new vm.Script(code, { filename: 'realm.js' }).runInContext(context) as RealmPort;
}

/** Reads one frame; its arrays are read straight into memory the realm allocates. */
function receive(port?: RealmPort): { id: number; text: string } {
  const headBytes = read(new Uint8Array(FRAME_HEAD_BYTES));
  const head = decodeHead(headBytes);
  if (head === undefined) return exit(65);
  const lengths = new Uint32Array(head.arrayCount);
  read(new Uint8Array(lengths.buffer));
  const text = Buffer.from(read(new Uint8Array(head.textBytes)).buffer).toString('utf8');
  for (const length of lengths) {
    if (port === undefined) return exit(65);
    read(bytesOf(port.allocate(length)));
  }
  return { id: head.id, text };
}

function send(id: number, kind: number, text: string, arrays: readonly Uint8Array[] = []): void {
  const textBytes = Buffer.from(text, 'utf8');
  const head = encodeHead(
    id,
    kind,
    textBytes.byteLength,
    arrays.map((array) => array.byteLength / 8),
  );
  write(Buffer.concat([head, textBytes]));
  for (const array of arrays) write(array);
}

function resultsOf(port: RealmPort): Uint8Array[] {
  const results: Uint8Array[] = [];
  const count: unknown = port.resultCount();
  if (typeof count !== 'number') return exit(65);
  for (let index = 0; index < count; index += 1) {
    const array = port.resultArray(index);
    if (!types.isFloat64Array(array)) return exit(65);
    results.push(bytesOf(array));
  }
  return results;
}

/** The memory of an array of the other realm, found by our own getters, whatever properties it was given. */
function bytesOf(array: Float64Array): Uint8Array {
  return new Uint8Array(bufferOf.call(undefined, array), byteOffsetOf(array), byteLengthOf(array));
}

function getter(name: string): (array: Float64Array) => unknown {
  const get = Object.getOwnPropertyDescriptor(typedArray, name)!.get!;
  return (array) => Reflect.apply(get, array, []);
}

function read(target: Uint8Array): Uint8Array {
  let offset = 0;
  while (offset < target.byteLength) {
    const count = readSync(STDIN, target, offset, target.byteLength - offset, null);
    if (count === 0) return exit(0);
    offset += count;
  }
  return target;
}

function write(bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.byteLength) offset += writeSync(STDOUT, bytes, offset, bytes.byteLength - offset);
}

/** Takes from the child's own global object what someone who got this far would reach for first. */
function disarm(): void {
  const powers = ['abort', 'binding', '_linkedBinding', 'chdir', 'dlopen', 'kill', '_kill', '_debugProcess', 'umask'];
  for (const name of [...powers, 'setuid', 'setgid', 'seteuid', 'setegid', 'setgroups', 'initgroups', 'getBuiltinModule']) {
    Reflect.deleteProperty(process, name);
  }
  for (const name of ['require', 'module', 'exports', 'fetch', 'WebSocket', 'EventSource', 'WebAssembly']) {
    Reflect.deleteProperty(globalThis, name);
  }
}
