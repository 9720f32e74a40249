import fc from 'fast-check';
import { isLong } from './long.ts';

// A property meets the same cases in every run, so that what is green stays green; the long run draws others each time.
if (!isLong) fc.configureGlobal({ seed: 20_261_126 });

export default fc;
