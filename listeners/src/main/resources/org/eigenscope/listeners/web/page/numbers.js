// Numbers and times for people, the same in every locale.

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';

/** Stands for a number that is not known. */
export const UNKNOWN = '–';

/** Returns a number with significant digits; a dash for one that is not finite. */
export function text(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return UNKNOWN;
  }
  if (value === 0) {
    return '0';
  }
  const [mantissa, power] = value.toExponential(digits - 1).split('e');
  const exponent = Number(power);
  if (exponent >= -3 && exponent <= 5) {
    return minus(trimmed(Number(value.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - exponent))));
  }
  const short = minus(trimmed(mantissa));
  return /^\u2212?1$/.test(short)
    ? short.replace('1', powerOfTen(exponent))
    : `${short}·10${superscript(exponent)}`;
}

/** Returns a share from 0 to 1 in percent, with up to three significant digits. */
export function percent(share) {
  return Number.isFinite(share) ? `${text(100 * share, 3)} %` : UNKNOWN;
}

/** Returns 10^exponent. */
export function powerOfTen(exponent) {
  return exponent >= -3 && exponent <= 5
    ? trimmed((10 ** exponent).toFixed(Math.max(0, -exponent)))
    : `10${superscript(exponent)}`;
}

/** Returns a whole number that is not negative, as an index. */
export function subscript(index) {
  return String(index).replace(/\d/g, (digit) => SUBSCRIPTS[digit]);
}

/** Returns a count with its noun: "1 reading", "2 readings". */
export function count(number, noun) {
  return `${text(number, 6)} ${noun}${number === 1 ? '' : 's'}`;
}

/** Returns a span of time in seconds, in one unit or two: "1.2 s", "12 s", "3 min", "2 h 5 min". */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) {
    return UNKNOWN;
  }
  if (seconds < 10) {
    return `${text(Math.max(0, seconds), 2)} s`;
  }
  if (seconds < 120) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** Returns how old something is, in whole seconds at least. */
export function age(seconds) {
  return duration(seconds < 10 ? Math.max(0, Math.round(seconds)) : seconds);
}

/** Returns a time of day, and the date where it is another day than today. */
export function clock(millis) {
  if (!Number.isFinite(millis)) {
    return UNKNOWN;
  }
  const time = new Date(millis);
  const two = (number) => String(number).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clockTime = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return time.toDateString() === new Date().toDateString() ? clockTime : `${day} ${clockTime}`;
}

function trimmed(decimal) {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

function minus(number) {
  return number.replace('-', '\u2212');
}

function superscript(exponent) {
  return String(exponent).replace('-', '⁻').replace(/\d/g, (digit) => SUPERSCRIPTS[digit]);
}
