/*
 * The arithmetic of workload W and nothing else: averages of 9 and 21, Wilder's relative strength of 14, a position with a stop at
 * 2 % and a target at 4 %, fee, slippage, and what the account is worth at every close with its worst fall. No orders, no books, no
 * ticks, no second symbol, no sandbox: what the machine itself can do.
 *
 *     loop BARS < columns       six columns of doubles: time, open, high, low, close, volume
 *
 * Prints the best of ten passes as candles a second, then trades and final equity, so that nothing can be optimised away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double FEE = 0.001, SLIPPAGE = 0.0005, WEIGHT = 0.1, STOP = 0.02, TARGET = 0.04, CAPITAL = 1000000.0;

typedef struct {
  long trades;
  double equity, worst;
} Outcome;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static Outcome run(long bars, const double *open, const double *high, const double *low, const double *close) {
  double fast = 0, slow = 0, gain = 0, loss = 0, fastBefore, slowBefore;
  double cash = CAPITAL, quantity = 0, entry = 0, stop = 0, target = 0, peak = CAPITAL, worst = 0, equity = CAPITAL;
  long trades = 0;
  int wantsIn = 0, wantsOut = 0;
  for (long i = 0; i < bars; i++) {
    if (wantsOut && quantity > 0) {
      double price = open[i] * (1 - SLIPPAGE);
      cash += quantity * price * (1 - FEE);
      quantity = 0;
      trades++;
    } else if (wantsIn && quantity == 0) {
      entry = open[i] * (1 + SLIPPAGE);
      quantity = WEIGHT * equity / entry;
      cash -= quantity * entry * (1 + FEE);
      stop = entry * (1 - STOP);
      target = entry * (1 + TARGET);
    }
    wantsIn = wantsOut = 0;
    if (quantity > 0 && low[i] <= stop) {
      double price = (open[i] < stop ? open[i] : stop) * (1 - SLIPPAGE);
      cash += quantity * price * (1 - FEE);
      quantity = 0;
      trades++;
    } else if (quantity > 0 && high[i] > target) {
      cash += quantity * target * (1 - FEE);
      quantity = 0;
      trades++;
    }

    fastBefore = fast;
    slowBefore = slow;
    if (i < 9) fast += close[i] / 9; else fast += (2.0 / 10) * (close[i] - fast);
    if (i < 21) slow += close[i] / 21; else slow += (2.0 / 22) * (close[i] - slow);
    if (i > 0) {
      double change = close[i] - close[i - 1], up = change > 0 ? change : 0, down = change < 0 ? -change : 0;
      if (i <= 14) {
        gain += up / 14;
        loss += down / 14;
      } else {
        gain = (gain * 13 + up) / 14;
        loss = (loss * 13 + down) / 14;
      }
    }
    double strength = gain + loss > 0 ? 100 * gain / (gain + loss) : 0;

    if (i >= 250) {
      if (quantity > 0) wantsOut = fastBefore >= slowBefore && fast < slow;
      else wantsIn = fastBefore <= slowBefore && fast > slow && strength < 70;
    }
    equity = cash + quantity * close[i];
    if (equity > peak) peak = equity;
    else {
      double fall = 1 - equity / peak;
      if (fall > worst) worst = fall;
    }
  }
  return (Outcome){trades, equity, worst};
}

int main(int count, char **words) {
  long bars = count > 1 ? atol(words[1]) : 0;
  double *columns = malloc(6 * bars * sizeof(double));
  if (bars <= 0 || columns == NULL || fread(columns, 6 * sizeof(double), bars, stdin) != (size_t)bars) return 1;
  const double *open = columns + bars, *high = columns + 2 * bars, *low = columns + 3 * bars, *close = columns + 4 * bars;
  double best = 1e9;
  Outcome outcome = {0, 0, 0};
  for (int pass = 0; pass < 10; pass++) {
    double began = seconds();
    outcome = run(bars, open, high, low, close);
    double took = seconds() - began;
    if (took < best) best = took;
  }
  printf("%.0f %ld %.6f %.6f\n", bars / best, outcome.trades, outcome.equity, outcome.worst);
  free(columns);
  return 0;
}
