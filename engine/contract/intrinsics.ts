// Bundled into the strategy realm: no Node imports here.

/*
 * In the realm every read of a global costs about 140 ns, more than all the rest of a bar. Code that runs for each bar takes what it
 * needs from here: in a bundle these are plain variables.
 */
export const { abs, ceil, floor, max, min, round, sqrt, trunc } = Math;
/*
 * Number fields of the classes that run for each bar begin as `missing`: a private field without a first value holds undefined,
 * and V8 then allocates every number that is put in it.
 */
export const { isFinite: isFiniteNumber, isInteger, isNaN: isMissing, NaN: missing, POSITIVE_INFINITY: infinity } = Number;
