// What the structure probes measure: of classes, of the Hessian's two parts, and of layers.

import { DASHES, overIterations } from './figures.js';
import { percent, text, UNKNOWN } from './numbers.js';
import { fitting, logarithmicTicks, ticks } from './scales.js';
import { largestDensity, LEAST, NARROWEST, SpectrumAxis, WIDEST } from './spectrum.js';

const CLASSES = 'eigenscope.structure.class.';
const LAYERS = 'eigenscope.structure.layer.';

/** Room above densities for marks, as a part of their height. */
const ROOM = 0.2;

/** What is smaller than the largest by so much is zero in single precision. */
const ZERO = 1e-6;

const MAX_RANKS = 100;
const MAX_LAYERS = 256;

/** Parts of the Gauss-Newton matrix by classes, in the order of their colours. */
const PARTS = [
  ['a1', 'A1, class means'], ['a2', 'A2, true class'], ['b1', 'B1, cross-class means'], ['b2', 'B2, within classes'],
];
const MATRICES = [['hessian', 'H'], ['gauss-newton', 'G'], ['residual', 'R']];

/** Columns of the table of layers: titles, names of meters, and a tag where it tells two apart. */
const COLUMNS = [
  ['λ₁', 'eigenvalue', { matrix: 'exact' }],
  ['rank-one ratio', 'rank.one.ratio', {}],
  ['Kronecker overlap', 'overlap', {}],
  ['decoupling error', 'decoupling.error', { norm: 'spectral' }],
  ['mean-input alignment', 'mean.input.alignment', {}],
  ['autocorrelation λ₁/λ₂', 'autocorrelation.ratio', {}],
];

/** Readings of the structure probes for one model in one normalization. */
export class Structure {
  /**
   * @param {object[]} frames by iteration
   * @param {Map<string, {name: string, tags: object}>} meters by the keys of their values and spectra
   */
  constructor(frames, meters) {
    this.frames = frames;
    this.meters = [...meters].map(([key, { name, tags }]) => ({ key, name, tags }));
  }

  /** Returns the meters of a name that have some tags. */
  all(name, tags = {}) {
    return this.meters.filter((meter) => meter.name === name
        && Object.entries(tags).every(([tag, value]) => meter.tags[tag] === value));
  }

  key(name, tags) {
    return this.all(name, tags)[0]?.key ?? '';
  }

  /** Returns the newest frame in which something of some meters is known. */
  newest(meters) {
    return this.frames.findLast((frame) => meters.some(({ key }) =>
      Number.isFinite(frame.values.get(key)) || frame.spectra.has(key)));
  }

  /** Returns frames of ratios to another value that is positive, by a key of their own. */
  ratios(keys, over) {
    return this.frames.map((frame) => {
      const divisor = frame.values.get(over);
      return {
        iteration: frame.iteration,
        values: new Map(divisor > 0 ? keys.filter((key) => Number.isFinite(frame.values.get(key)))
            .map((key) => [key, frame.values.get(key) / divisor]) : []),
      };
    });
  }
}

const styled = (i) => ({ colour: `s${i % 8}`, dash: DASHES[i % DASHES.length] });
const at = (frame) => `iteration ${text(frame.iteration, 9)}`;

/** Returns content over iterations where there are several; of one alone there is none to draw. */
function course(frames, lines, kind, more) {
  const content = overIterations(frames, lines, kind, more);
  return content !== null && content.lines.some((line) => line.values.filter((value) => value !== null).length > 1)
    ? content : null;
}

/** Returns the eigenvalues of a small matrix but zeros, descending, from the bins of its spectrum. */
function eigenvalues(spectrum) {
  const { values, masses, order } = spectrum;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const all = [];
  for (let i = values.length - 1; i >= 0 && all.length < MAX_RANKS; i--) {
    if (Math.abs(values[i]) > ZERO * largest) {
      const times = Math.min(MAX_RANKS - all.length, Math.round(masses[i] * order));
      all.push(...Array(times).fill(values[i]));
    }
  }
  return all;
}

/** Returns content over ranks from 1 on. */
function overRanks(lines, kind, more) {
  const ranks = Math.max(0, ...lines.map((line) => line.values.length));
  const x = Array.from({ length: ranks }, (_, i) => i + 1);
  const shown = lines.map((line) => ({
    ...line, dots: true, values: x.map((_, i) => (Number.isFinite(line.values[i]) ? line.values[i] : null)),
  })).filter((line) => line.values.some((value) => value !== null));
  if (shown.length === 0) {
    return null;
  }
  const known = shown.flatMap((line) => line.values).filter((value) => value !== null);
  const scale = fitting(known, [], kind);
  for (const line of shown) {
    line.y = line.values.map((value) => (value === null ? null : scale.logarithmic ? Math.log10(value) : value));
  }
  return {
    ...more,
    x,
    lines: shown,
    xRange: ranks > 1 ? [1, ranks] : [0, 2],
    xTicks: ticks(1, Math.max(2, ranks), 8, 1),
    ...scale,
    say: (i, pointed) => {
      const rank = pointed ? i : 0;
      return `rank ${x[rank]}: ${shown.filter((line) => line.values[rank] !== null)
          .map((line) => `${line.label} ${text(line.values[rank])}`).join(', ') || 'not measured'}`;
    },
  };
}

/** Returns eigenvalues of the Gauss-Newton matrix and its parts by rank, in the newest reading. */
export function classEigenvalues(structure) {
  const whole = structure.all(`${CLASSES}eigenvalue`, { component: 'g' })
      .sort((a, b) => a.tags.rank - b.tags.rank);
  const spectra = structure.all(`${CLASSES}spectrum`);
  const newest = structure.newest([...whole, ...spectra]);
  if (newest === undefined) {
    return null;
  }
  const ofParts = PARTS.map(([component, label], i) => {
    const spectrum = newest.spectra.get(structure.key(`${CLASSES}spectrum`, { component }));
    return { label, ...styled(i + 1), values: spectrum === undefined ? [] : eigenvalues(spectrum) };
  });
  const most = Math.max(10, 2 * ofParts[0].values.length, whole.length);
  const lines = [
    { label: 'G, whole matrix', ...styled(0), values: whole.map(({ key }) => newest.values.get(key)) }, ...ofParts,
  ].map((line) => ({ ...line, values: line.values.slice(0, most).map((value) => (value > 0 ? value : null)) }));
  return overRanks(lines, 'logarithmic', {
    unit: `of the Gauss-Newton matrix, ${at(newest)}`,
    explanation: 'Up to twice as many as class means have, from a millionth of the largest on.',
  });
}

/** Returns what class means have of the matrix, over iterations. */
export function classesCarry(structure) {
  const ratio = structure.key(`${CLASSES}ratio`, {});
  const knockOut = (method) => structure.key(`${CLASSES}knockout`, { method });
  const largest = structure.key(`${CLASSES}eigenvalue`, { component: 'g', rank: '1' });
  const over = structure.ratios([knockOut('subtraction'), knockOut('projection')], largest);
  return course([], [
    { label: 'λ of rank C, A1 over G', ...styled(0), key: ratio, frames: structure.frames },
    { label: 'λ₁ of G − A1 over G', ...styled(1), key: knockOut('subtraction'), frames: over },
    { label: 'λ₁ off the class means over G', ...styled(2), key: knockOut('projection'), frames: over },
  ], 'zero', { unit: 'ratio', explanation: 'Of eigenvalues: of rank C, for C classes, and of the largest one without class means.' });
}

/** Returns the shares of the trace, over iterations. */
export function classShares(structure) {
  const key = (component) => structure.key(`${CLASSES}trace`, { component });
  return course(structure.ratios(PARTS.map(([component]) => key(component)), key('g')),
      PARTS.map(([component, label], i) => ({ label, ...styled(i + 1), key: key(component) })), 'zero', {
        unit: 'of the Gauss-Newton matrix',
      });
}

/** Returns the names of the data that the Hessian was taken apart on, training data first. */
export function dataOf(structure) {
  const names = new Set(structure.all('eigenscope.structure.eigenvalue').map(({ tags }) => tags.data ?? ''));
  return [...names].sort((a, b) => (b === 'train') - (a === 'train')).slice(0, 2);
}

function ranked(structure, name, tags) {
  return structure.all(name, tags).sort((a, b) => a.tags.rank - b.tags.rank);
}

/**
 * Returns the densities of Hessian, Gauss-Newton matrix and residual without their eigenvalues of largest
 * magnitude, which are marks above them.
 */
export function densities(structure, data) {
  const rest = 'eigenscope.structure.rest.spectrum';
  const newest = structure.newest(structure.all(rest));
  if (newest === undefined) {
    return null;
  }
  const taken = (operator, of) => ranked(structure, 'eigenscope.structure.eigenvalue', { operator, data: of })
      .map(({ key }) => newest.values.get(key)).filter((value) => Number.isFinite(value) && value !== 0);
  // One axis for training and held-out data.
  const axis = SpectrumAxis.of([
    ...structure.all(rest).flatMap(({ key }) => (newest.spectra.has(key) ? [newest.spectra.get(key)] : [])),
    ...dataOf(structure).flatMap((of) => MATRICES.map(([operator]) => ({ values: taken(operator, of).sort((a, b) => a - b) }))),
  ]);
  const x = Array.from({ length: axis.cells }, (_, i) => axis.middle(i));
  const shown = MATRICES.map(([operator, label], i) => ({
    label, ...styled(i), operator, spectrum: newest.spectra.get(structure.key(rest, { operator, data })),
  })).filter((each) => each.spectrum !== undefined);
  if (shown.length === 0) {
    return null;
  }
  const lines = shown.map((each) => ({
    label: each.label, colour: each.colour, dash: each.dash, kind: 'line', ...axis.drawable(each.spectrum),
  }));
  const [low, high] = [Math.log10(LEAST), Math.log10(largestDensity(lines))];
  const yRange = [low, high + ROOM * (high - low)];
  return {
    x,
    lines,
    xRange: [-axis.negative, axis.positive],
    yRange,
    xTicks: axis.ticks(),
    yTicks: logarithmicTicks(...yRange),
    unit: `${data}, ${at(newest)}, eigenvalues per decade`,
    markers: shown.flatMap((each, row) => taken(each.operator, data).map((value) => ({
      at: axis.place(value), low: axis.place(value), high: axis.place(value), colour: each.colour, row,
    }))),
    say: (i, pointed) => pointed
      ? `near ${text(axis.value(x[i]), 2)}: ${lines.map((each) =>
        `${each.label} ${each.values[i] === null ? '< 0.1' : text(each.values[i], 3)}`).join(', ')} per decade`
      : shown.map((each) => `${each.label}: ${taken(each.operator, data).slice(0, 3).map((value) => text(value, 3)).join(', ')}, …`).join('; '),
    explanation: 'H, Hessian; G, Gauss-Newton; R, residual. What is left without the eigenvalues of largest magnitude,'
        + ` which are the triangles above, in the order of the legend. Smoothed over ${NARROWEST} to ${WIDEST} decades.`,
    table: () => ({
      columns: ['', 'taken out, by magnitude', 'left in the middle'],
      rows: shown.map((each) => [each.label, taken(each.operator, data).map((value) => text(value, 3)).join(', ') || UNKNOWN,
        percent(axis.within(each.spectrum))]),
    }),
  };
}

/** Returns how much of the Hessian's outliers is in the Gauss-Newton matrix, by rank. */
export function attribution(structure) {
  const share = (data) => ranked(structure, 'eigenscope.structure.outlier.share', { operator: 'gauss-newton', data });
  const overlap = (operator, data) => ranked(structure, 'eigenscope.structure.outlier.overlap', { operator, data });
  const data = dataOf(structure);
  const newest = structure.newest(data.flatMap(share));
  if (newest === undefined) {
    return null;
  }
  const lines = [
    ...data.map((of) => [`share of G, ${of}`, share(of)]),
    ...data.map((of) => [`in the span of G’s, ${of}`, overlap('gauss-newton', of)]),
    ...data.map((of) => [`in the span of R’s, ${of}`, overlap('residual', of)]),
  ].map(([label, meters], i) => ({ label, ...styled(i), values: meters.map(({ key }) => newest.values.get(key)) }));
  return overRanks(lines, 'zero', {
    unit: at(newest),
    explanation: 'By rank of magnitude. Share: vᵀGv/λ of an eigenvector v with eigenvalue λ, what is missing to 1 is R’s.'
        + ' In a span: squared norm of v in that of the matrix’ own eigenvectors.',
  });
}

/**
 * Returns what is known of layers, for a table.
 *
 * @param {function(object[], string): Node} sparkline of values over frames, by their key
 * @param {function(...Node|string): Node} cell of a value and its line
 */
export function layers(structure, sparkline, cell) {
  const known = structure.meters.filter(({ name, tags }) => name.startsWith(LAYERS) && tags.layer !== undefined);
  const operators = [...new Set(known.map(({ tags }) => tags.operator ?? ''))];
  const rows = [];
  for (const operator of operators) {
    const ofMatrix = known.filter(({ tags }) => (tags.operator ?? '') === operator);
    const byLayer = new Map();
    ofMatrix.forEach((meter) => byLayer.set(meter.tags.layer, [...(byLayer.get(meter.tags.layer) ?? []), meter]));
    for (const [layer, meters] of byLayer) {
      const newest = structure.newest(meters);
      if (newest !== undefined && rows.length < MAX_LAYERS) {
        rows.push([
          operators.length > 1 ? `${layer} · ${operator}` : layer,
          text(newest.iteration, 9),
          ...COLUMNS.map(([, name, tags]) => {
            const key = meters.findLast((meter) => meter.name === LAYERS + name
                && Object.entries(tags).every(([tag, value]) => meter.tags[tag] === value))?.key ?? '';
            return cell(text(newest.values.get(key)), sparkline(structure.frames, key));
          }),
        ]);
      }
    }
  }
  return { columns: ['layer', 'iteration', ...COLUMNS.map(([title]) => title)], rows };
}
