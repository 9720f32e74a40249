import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** A chain of links this long goes round in a circle; whoever opens it is told so by the system. */
const LINKS_MOST = 40;

/**
 * Where something stands, or would stand once it is made: the path with every link in it followed, also one that leads to nothing
 * yet, since making a folder behind it follows it as well.
 */
export function realPlaceOf(path: string): string {
  return follow(resolve(path), LINKS_MOST);
}

function follow(path: string, linksLeft: number): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() === true) {
    if (linksLeft === 0) return path;
    return follow(resolve(follow(dirname(path), linksLeft - 1), readlinkSync(path)), linksLeft - 1);
  }
  if (stat !== undefined) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : resolve(follow(parent, linksLeft), basename(path));
}
