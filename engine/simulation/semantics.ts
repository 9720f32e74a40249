/** Raised whenever the same orders on the same bars would fill, cost or be valued differently. Part of every result id. */
export const SEMANTICS_VERSION = 2;
