import { LRUCache } from 'lru-cache';
import { inputLines, type LocalGit } from './git.ts';
import { blobHash } from './names.ts';
import { type ObjectInfo, parseBatch, parseBatchCheck } from './objects.ts';
import type { BlobHash } from './types.ts';

/** A name that begins with a whole hash means the same object for ever, once it is here. */
const fixedName = /^[0-9a-f]{40}(?:[0-9a-f]{24})?(?:$|:|\^\{tree\}$|\^\{commit\}$)/;
const keptNames = 10_000;
const keptBytes = 16 * 1024 * 1024;

/**
 * What git keeps, by any name that git understands. Every question to git is a process of its own, and the same ones come again and
 * again: what a name means for ever, and what is in a blob, is asked once.
 */
export class ObjectStore {
  readonly #git: LocalGit;
  readonly #kept = new LRUCache<string, ObjectInfo>({ max: keptNames });
  readonly #keptBlobs = new LRUCache<BlobHash, Buffer>({ maxSize: keptBytes, sizeCalculation: ({ length }) => length + 1 });

  constructor(git: LocalGit) {
    this.#git = git;
  }

  /** What each name means, in one question; null where it means nothing. */
  async inspect(names: readonly string[]): Promise<(ObjectInfo | null)[]> {
    const infos = names.map((name) => this.#kept.get(name) ?? null);
    const wanted = [...names.keys()].filter((index) => infos[index] === null);
    if (wanted.length === 0) return infos;
    const output = await this.#git(['cat-file', '--batch-check'], { input: inputLines(wanted.map((index) => names[index]!)) });
    for (const [place, info] of parseBatchCheck(output).entries()) {
      const index = wanted[place]!;
      infos[index] = info;
      if (info !== null) this.#keep(names[index]!, info);
    }
    return infos;
  }

  /**
   * What is in the blobs that the names mean; null where one means none. Meaning and content come of one question.
   * To be read and not written to: it is kept.
   */
  async contents(names: readonly string[]): Promise<(Buffer | null)[]> {
    const contents = new Map(names.map((name) => [name, this.#keptBlob(name)]));
    const wanted = [...contents.keys()].filter((name) => contents.get(name) === undefined);
    if (wanted.length > 0) {
      const output = await this.#git(['cat-file', '--batch'], { input: inputLines(wanted) });
      for (const [index, object] of parseBatch(output).entries()) {
        const name = wanted[index]!;
        contents.set(name, object?.type === 'blob' ? object.content : null);
        if (object === null) continue;
        const { content, ...info } = object;
        this.#keep(name, info);
        this.#keep(info.hash, info);
        if (info.type === 'blob') this.#keptBlobs.set(blobHash(info.hash), Buffer.from(content));
      }
    }
    return names.map((name) => contents.get(name) ?? null);
  }

  /** Undefined where it must be asked for. */
  #keptBlob(name: string): Buffer | null | undefined {
    const info = this.#kept.get(name);
    if (info === undefined) return undefined;
    return info.type === 'blob' ? this.#keptBlobs.get(blobHash(info.hash)) : null;
  }

  /** What is not here may come with the next fetch, and a branch may move: only what means the same for ever is kept. */
  #keep(name: string, info: ObjectInfo): void {
    if (fixedName.test(name)) this.#kept.set(name, info);
  }
}
