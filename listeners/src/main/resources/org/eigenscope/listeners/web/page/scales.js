// Ranges and ticks.

import { powerOfTen, text } from './numbers.js';

/** From this ratio of its ends on, a positive range is clearer on a logarithmic axis. */
const LOGARITHMIC_FROM = 20;

/** Returns ticks at round numbers in a range. */
export function ticks(low, high, most = 6, least = 0) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(least, power * [1, 2, 5, 10].find((each) => each * power >= rough * (1 - 1e-9)));
  const all = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    all.push({ at: i * step, text: text(Number((i * step).toPrecision(12)), 9) });
  }
  return all;
}

/** Returns ticks at powers of ten between logarithms, and at 2 and 5 times these where they are few. */
export function logarithmicTicks(low, high) {
  const decades = high - low;
  const all = [];
  const step = Math.max(1, Math.ceil(decades / 6));
  for (let exponent = Math.floor(low); exponent <= high; exponent++) {
    for (const factor of decades < 1.2 ? [1, 2, 3, 5, 7] : decades < 2.5 ? [1, 2, 5] : [1]) {
      const at = exponent + Math.log10(factor);
      if (at >= low && at <= high && (factor > 1 || exponent % step === 0)) {
        all.push({ at, text: factor === 1 ? powerOfTen(exponent) : text(factor * 10 ** exponent, 1) });
      }
    }
  }
  return all;
}

/** Returns the range of iterations with a tick at each round one. */
export function iterations(x) {
  const [low, high] = [x[0], x.at(-1)];
  const range = low === high ? [low - 1, high + 1] : [low, high];
  return { xRange: range, xTicks: ticks(range[0], range[1], 6, 1) };
}

/**
 * Returns what fits values: whether they go by their logarithms, their range and ticks.
 *
 * @param {number[]} values finite
 * @param {number[]} wider ends of bands, which widen a linear range
 * @param {string} kind `fitting`: logarithmic for positive values over more than a decade;
 *     `logarithmic`: so for all positive values; `zero`: linear, with zero; `share`: from 0 to 1; `count`: whole numbers from zero
 */
export function fitting(values, wider, kind) {
  if (kind === 'share') {
    return { logarithmic: false, yRange: [0, 1], yTicks: ticks(0, 1, 5) };
  }
  let [low, high] = bounds(values);
  if (low > 0 && (kind === 'logarithmic' || (kind === 'fitting' && high / low >= LOGARITHMIC_FROM))) {
    const margin = Math.max(0.02, 0.04 * Math.log10(high / low));
    const yRange = [Math.log10(low) - margin, Math.log10(high) + margin];
    return { logarithmic: true, yRange, yTicks: logarithmicTicks(...yRange) };
  }
  const [least, most] = bounds([...bounds(values), ...bounds(wider)]);
  // A band much wider than the values would hide them.
  low = Math.max(least, low - 2 * (high - low || Math.abs(high)));
  high = Math.min(most, high + 2 * (high - low || Math.abs(high)));
  if (kind !== 'fitting') {
    [low, high] = [Math.min(0, low), Math.max(0, high)];
  }
  if (low === high) {
    [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 10, high + Math.abs(high) / 10];
  }
  const margin = 0.06 * (high - low);
  const yRange = [low === 0 && kind !== 'fitting' ? 0 : low - margin, high === 0 && kind !== 'fitting' ? 0 : high + margin];
  return { logarithmic: false, yRange, yTicks: ticks(yRange[0], yRange[1], 5, kind === 'count' ? 1 : 0) };
}

function bounds(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? [low, high] : [];
}
