/**
 * Text that people read in a terminal or a pull request as it is: one line, and nothing in it that is not seen or that moves what is.
 * Refused are control characters (an escape sequence paints over what stands above it), format characters (a bidirectional override
 * turns the rest of the line around), private ones, halves of surrogate pairs, and line and paragraph separators.
 */
export const ONE_LINE = /^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]*$/u;
