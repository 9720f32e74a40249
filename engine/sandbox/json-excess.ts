/**
 * What a JSON text has too much of, found without parsing it: levels, so that no later walk of the value can overflow, or values, of
 * which a few dozen megabytes of text hold more than the engine's heap does (`{}` takes 3 bytes of text and 60 of memory).
 */
export function jsonExcess(json: string, depthMax: number, valuesMax: number): 'levels' | 'values' | undefined {
  let depth = 0;
  let values = 1;
  let isInString = false;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (isInString) {
      if (code === 92) index += 1;
      else if (code === 34) isInString = false;
    } else if (code === 34) isInString = true;
    else if (code === 44) values += 1;
    else if (code === 91 || code === 123) {
      depth += 1;
      values += 1;
      if (depth > depthMax) return 'levels';
    } else if (code === 93 || code === 125) depth -= 1;
    if (values > valuesMax) return 'values';
  }
  return undefined;
}
