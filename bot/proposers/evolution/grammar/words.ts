import { type Role, roleOf } from './named-numbers.ts';
import type { Comparison, Operator, Term } from './plan.ts';

/** What kind of trader would act on it. */
export type Style = 'trend' | 'breakout' | 'reversion' | 'filter';

/** What a comparison means to a reader. */
export interface Words {
  /** An adjective for the constant that holds it: `oversold`. */
  readonly name: string;
  /** A clause with a subject and a verb, to stand after "when". */
  readonly clause: string;
  /** Why a position is not entered while it does not hold. */
  readonly missing: string;
  /** What one has to believe for an entry on it to make sense: a sentence. */
  readonly belief: string;
  readonly style: Style;
}

const NOUNS: Partial<Readonly<Record<Role, string>>> = {
  fast: 'fast average',
  slow: 'slow average',
  trendBars: 'long average',
  meanBars: 'average',
};

/** True where the left side is to be the higher one. */
function isUpward(is: Operator): boolean {
  return is === 'above' || is === 'atLeast' || is === 'crossesAbove';
}

export function wordsOf(comparison: Comparison, base: string): Words {
  const { left, is, right } = comparison;
  const isUp = isUpward(is);
  const on = 'on' in left && left.on !== base ? `${left.on} ` : '';
  if ('average' in left && 'average' in right) return ofAverages(left, is, right, base);
  if ('price' in left && 'below' in right) {
    return isUp
      ? filter(
          'notDipped',
          'the price is not far below its average',
          'far below the average',
          'What falls far below its average falls further.',
        )
      : {
          name: 'dipped',
          clause: 'the price has fallen far below its average',
          missing: 'no dip',
          belief: 'A fall far below the average is exaggerated, and is made up for.',
          style: 'reversion',
        };
  }
  if ('price' in left && 'average' in right) return ofPriceAndAverage(left.price, is, nounOf(right, base));
  if ('extreme' in right) return ofChannel(right.extreme, isUp);
  if ('oscillator' in left) return ofOscillator(left.oscillator, is, right, on);
  if ('change' in left) {
    return isUp
      ? {
          name: 'risen',
          clause: `the ${on}price has risen`,
          missing: 'no rise',
          belief: 'What has risen goes on rising for a while.',
          style: 'trend',
        }
      : {
          name: 'notRisen',
          clause: `the ${on}price has not risen much`,
          missing: 'risen already',
          belief: 'What has risen much already gives part of it back.',
          style: 'reversion',
        };
  }
  if ('range' in left) {
    return isUp
      ? filter('lively', `${on}bars are wide`, 'narrow bars', 'Only wide bars move far enough to pay for costs.')
      : filter(
          'calm',
          `${on}bars are narrow`,
          'wide bars',
          'While bars are narrow, fewer positions are stopped out by accident.',
        );
  }
  return isUp
    ? filter('busy', 'volume is not thin', 'thin volume', 'Moves that few take part in do not last.')
    : filter('quiet', 'volume is thin', 'heavy volume', 'A move on heavy volume is mostly over when it is seen.');
}

/** How a term is called in a sentence. */
function nounOf(term: Term, base: string): string {
  if (!('average' in term)) return 'it';
  const other = /\d$/.test(term.bars) ? 'other ' : '';
  const on = term.on === base ? '' : `${term.on} `;
  return `the ${other}${on}${NOUNS[roleOf(term.bars)] ?? 'average'}`;
}

function ofAverages(left: Term, is: Operator, right: Term, base: string): Words {
  const [one, other] = [nounOf(left, base), nounOf(right, base).replace(/ average$/, ' one')];
  switch (is) {
    case 'crossesAbove':
      return {
        name: 'crossedUp',
        clause: `${one} rises through ${other}`,
        missing: 'no cross',
        belief:
          'When a fast average of the closes rises through a slow one, buyers have taken over and the price goes on rising.',
        style: 'trend',
      };
    case 'crossesBelow':
      return {
        name: 'crossedDown',
        clause: `${one} falls through ${other}`,
        missing: 'no cross down',
        belief: 'When a fast average falls through a slow one, sellers have mostly sold.',
        style: 'reversion',
      };
    case 'above':
    case 'atLeast':
      return {
        name: 'inUptrend',
        clause: `${one} stands above ${other}`,
        missing: 'no uptrend',
        belief: 'While a fast average stands above a slow one, rises go on.',
        style: 'trend',
      };
    default:
      return {
        name: 'inDowntrend',
        clause: `${one} stands below ${other}`,
        missing: 'no downtrend',
        belief: 'Below a slow average prices are cheap, and come back.',
        style: 'reversion',
      };
  }
}

function ofPriceAndAverage(price: 'close' | 'high' | 'low', is: Operator, average: string): Words {
  const isUp = isUpward(is);
  if (price === 'low' && !isUp) {
    return filter(
      'pulledBack',
      `the bar dips to ${average}`,
      'no pullback',
      'Bought on a dip, a rise is bought at a better price than its top.',
    );
  }
  const subject = price === 'close' ? 'the price' : `the ${price}`;
  return isUp
    ? filter(
        'aboveAverage',
        `${subject} stands above ${average}`,
        `below ${average}`,
        'Rallies below a long average fail more often than those above it.',
      )
    : {
        name: 'belowAverage',
        clause: `${subject} stands below ${average}`,
        missing: `above ${average}`,
        belief: 'What stands below its average comes back to it.',
        style: 'reversion',
      };
}

function ofChannel(extreme: 'highest' | 'lowest', isUp: boolean): Words {
  if (extreme === 'highest') {
    return isUp
      ? {
          name: 'brokeOut',
          clause: 'the price rises above the highest high of its channel',
          missing: 'no breakout',
          belief: 'A price that nobody has paid in a while is paid because something has changed, and it goes on.',
          style: 'breakout',
        }
      : filter(
          'belowTop',
          'the price stands below the top of its channel',
          'above the channel',
          'A breakout is bought too late when it is seen.',
        );
  }
  return isUp
    ? filter(
        'aboveBottom',
        'the price holds above the bottom of its channel',
        'below the channel',
        'A price that makes new lows makes more of them.',
      )
    : {
        name: 'brokeDown',
        clause: 'the price falls below the lowest low of its channel',
        missing: 'no new low',
        belief: 'A new low is where the last holders give up, and the price comes back.',
        style: 'reversion',
      };
}

function ofOscillator(oscillator: 'rsi' | 'adx', is: Operator, right: Term, on: string): Words {
  const isUp = isUpward(is);
  if (oscillator === 'adx') {
    return isUp
      ? filter('trending', `${on}bars have a direction`, 'no direction', 'Where bars have a direction, it is kept for a while.')
      : filter(
          'drifting',
          `${on}bars have no direction`,
          'bars have a direction',
          'A move that begins while nothing has a direction has far to go.',
        );
  }
  if (is === 'crossesAbove') {
    return {
      name: 'turnedUp',
      clause: `${on}relative strength rises through its level`,
      missing: 'no turn in strength',
      belief: 'When strength comes back after a weakness, the weakness is over.',
      style: 'reversion',
    };
  }
  if (is === 'crossesBelow') {
    return {
      name: 'turnedDown',
      clause: `${on}relative strength falls through its level`,
      missing: 'strength has not fallen',
      belief: 'When strength is lost, the next weakness is near its end.',
      style: 'reversion',
    };
  }
  const isLow = 'number' in right && roleOf(right.number) === 'rsiMin';
  if (isLow && !isUp) {
    return {
      name: 'oversold',
      clause: `the ${on}market is oversold`,
      missing: 'not oversold',
      belief: 'A market that everybody has sold has nobody left to sell it.',
      style: 'reversion',
    };
  }
  if (isUp && !isLow) {
    return {
      name: 'strong',
      clause: `${on}relative strength is high`,
      missing: 'no strength',
      belief: 'Strength is a beginning more often than an end.',
      style: 'trend',
    };
  }
  return isUp
    ? filter('notOversold', `the ${on}market is not oversold`, 'oversold', 'A market in free fall is left alone.')
    : filter(
        'notOverbought',
        `the ${on}market is not overbought`,
        'overbought',
        'A move that is overbought already has little left to give.',
      );
}

function filter(name: string, clause: string, missing: string, belief: string): Words {
  return { name, clause, missing, belief, style: 'filter' };
}
