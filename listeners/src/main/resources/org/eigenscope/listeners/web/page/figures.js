// What plots show, made from frames of readings.

import { drawn, element } from './dom.js';
import { EIGENVALUES, GRADIENT, meter } from './history.js';
import { percent, powerOfTen, text } from './numbers.js';
import { evenly, rgb, valueAt } from './plot.js';
import { fitting, iterations, logarithmicTicks, ticks } from './scales.js';
import { largestDensity, LEAST, NARROWEST, painted, SpectrumAxis, WIDEST } from './spectrum.js';

/** Few enough points to be drawn one by one. */
const MAX_DOTS = 40;

/** Cells of the gradient's histogram in a decade. */
const QUARTERS = 4;

const SAID = 4;
const TABLE_ROWS = 12;
const RAMP = Array.from({ length: 9 }, (_, i) => `q${i}`);

/** As part of the largest absolute eigenvalue: ten times what counts as converged in FLOAT. */
export const LARGE_RESIDUAL = 1e-3;

/** Dashes of the lines of arms, which are told apart by colour and dashes. */
export const DASHES = [undefined, [7, 3], [2, 3], [9, 3, 2, 3], [4, 2], [12, 4]];

export const eigenvalue = (rank, end = 'largest') => meter('eigenscope.eigenvalue', { end, rank: String(rank) });
export const residual = (rank, end = 'largest') => meter('eigenscope.eigenvalue.residual', { end, rank: String(rank) });
export const fraction = (k) => meter('eigenscope.gradient.fraction', { k: String(k) });
export const overlap = (k) => meter('eigenscope.subspace.overlap', { k: String(k) });
export const EDGE = meter('eigenscope.bulk.edge', { side: 'upper' });
export const TRACE = 'eigenscope.trace';
export const TRACE_ERROR = 'eigenscope.trace.standard.error';

/** Returns the numbers 1, 2, ... for which frames have a meter, up to a most. */
export function numbered(frames, of, most) {
  const all = [];
  for (let i = 1; i <= most && frames.some((frame) => frame.values.has(of(i))); i++) {
    all.push(i);
  }
  return all;
}

/** Returns the colour of a line whose place in an order is shown by it. */
export function shade(index, all) {
  return all < 2 ? 's0' : `t${Math.round((index * 9) / (all - 1))}`;
}

/**
 * Returns content over iterations.
 *
 * @param {object[]} frames by iteration
 * @param {{label: string, colour: string, key: string, doubt: string, frames: object[]}[]} wanted lines;
 *     those without a value are left out; `frames` where they are not those of all
 * @param {string} kind of the range, see `fitting`
 * @param {object} [more] levels, unit, explanation
 */
export function overIterations(frames, wanted, kind, more = {}) {
  const rows = wanted.map((each) => ({ ...each, frames: each.frames ?? frames }));
  const x = [...new Set(rows.flatMap((row) => row.frames.map((frame) => frame.iteration)))].sort((a, b) => a - b);
  const lines = [];
  for (const row of rows) {
    const at = new Map(row.frames.map((frame) => [frame.iteration, frame]));
    const values = x.map((iteration) => known(at.get(iteration)?.values.get(row.key)));
    const doubts = row.doubt ? x.map((iteration) => known(at.get(iteration)?.values.get(row.doubt))) : null;
    if (values.some((value) => value !== null)) {
      lines.push({ label: row.label, colour: row.colour, dash: row.dash, values, doubts });
    }
  }
  if (lines.length === 0) {
    return null;
  }
  const ends = lines.flatMap((each) => (each.doubts ?? []).flatMap((doubt, i) =>
    doubt === null || each.values[i] === null ? [] : [each.values[i] - doubt, each.values[i] + doubt]));
  const marks = (more.levels ?? []).map((level) => level.at);
  const scale = fitting([...lines.flatMap((each) => each.values), ...marks].filter((value) => value !== null), ends, kind);
  const place = (value) => (scale.logarithmic ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value);
  const clamped = (value) => Math.max(scale.yRange[0], Math.min(scale.yRange[1], place(value)));
  for (const each of lines) {
    each.y = each.values.map((value) => (value === null ? null : place(value)));
    each.dots = each.values.filter((value) => value !== null).length <= MAX_DOTS;
    if (each.doubts) {
      const shifted = (sign) => each.values.map((value, i) =>
        value === null || each.doubts[i] === null ? null : clamped(value + sign * each.doubts[i]));
      each.low = shifted(-1);
      each.high = shifted(1);
    }
  }
  return {
    ...more,
    ...iterations(x),
    ...scale,
    x,
    lines,
    levels: (more.levels ?? []).map((level) => ({ ...level, at: place(level.at) })),
    say: (i, pointed) => {
      const said = lines.filter((each) => each.values[i] !== null).slice(0, SAID);
      const words = said.map((each) =>
        `${lines.length > 1 ? `${each.label} ` : ''}${valueAt(each, i)}`);
      return `${pointed ? '' : 'now, '}iteration ${text(x[i], 9)}: ${words.join(', ') || 'not measured'}`
          + (lines.length > SAID && said.length === SAID ? ', …' : '');
    },
  };
}

function known(value) {
  return Number.isFinite(value) ? value : null;
}

/** Returns the outliers' markers and the edge of the bulk on an axis of eigenvalues. */
function outliers(frame, axis) {
  const edge = frame.values.get(EDGE);
  const markers = [];
  if (Number.isFinite(edge)) {
    for (const rank of numbered([frame], eigenvalue, 100)) {
      const value = frame.values.get(eigenvalue(rank));
      const doubt = frame.values.get(residual(rank)) ?? 0;
      if (value > edge) {
        markers.push({
          at: axis.place(value), low: axis.place(value - doubt), high: axis.place(value + doubt), colour: 'alert-edge',
        });
      }
    }
  }
  return {
    markers,
    places: Number.isFinite(edge) && markers.length > 0
      ? [{ at: axis.place(edge), text: `bulk edge ${text(edge, 3)}`, colour: 'alert-edge' }] : [],
  };
}

/** Returns whether a frame has a spectrum that can be drawn. */
export function hasSpectrum(frame, name = EIGENVALUES) {
  return (frame?.spectra.get(name)?.values.length ?? 0) > 0;
}

/** Returns the axis of the spectra of frames. */
export function axisOf(frames, name = EIGENVALUES) {
  return SpectrumAxis.of(frames.filter((frame) => hasSpectrum(frame, name)).map((frame) => frame.spectra.get(name)));
}

/**
 * Returns densities of eigenvalues.
 *
 * @param {{label: string, colour: string, frame: object, marked: boolean}[]} shown with spectra; the
 *     first one is filled, and where it is marked its outliers are
 */
export function density(axis, shown) {
  if (shown.length === 0) {
    return null;
  }
  const x = Array.from({ length: axis.cells }, (_, i) => axis.middle(i));
  const lines = shown.map((each, j) => ({
    label: each.label, colour: each.colour, dash: each.dash, kind: j === 0 ? 'area' : 'line',
    ...axis.drawable(each.frame.spectra.get(EIGENVALUES)),
  }));
  const yRange = [Math.log10(LEAST), Math.log10(largestDensity(lines)) + 0.35];
  const inside = (frame) => percent(axis.within(frame.spectra.get(EIGENVALUES)));
  const first = shown[0].frame;
  const marks = shown[0].marked ? outliers(first, axis) : {};
  return {
    x,
    lines,
    xRange: [-axis.negative, axis.positive],
    yRange,
    xTicks: axis.ticks(),
    yTicks: logarithmicTicks(...yRange),
    unit: 'eigenvalues per decade',
    ...marks,
    say: (i, pointed) => pointed
      ? `near ${text(axis.value(x[i]), 2)}: ${lines.map((each) =>
        `${lines.length > 1 ? `${each.label} ` : ''}${each.values[i] === null ? '< 0.1' : text(each.values[i], 3)}`).join(', ')} per decade`
      : shown.map(({ frame, label }) =>
        `${shown.length > 1 ? `${label}: ` : `iteration ${text(frame.iteration, 9)}: ${text(first.spectra.get(EIGENVALUES).order, 9)} eigenvalues, `}`
            + `${inside(frame)} within ±${powerOfTen(axis.exponent)}`).join('; '),
    explanation: `Smoothed over ${NARROWEST} to ${WIDEST} decades: nothing finer is real. The middle is all that is nearer to zero than ±${powerOfTen(axis.exponent)}.`
        + (marks.markers?.length > 0 ? ' Triangles: outliers, with residuals.' : ''),
    table: () => sharesTable(axis, shown.map(({ label, frame }) => [label, frame.spectra.get(EIGENVALUES)])),
  };
}

/** Returns how much lies between the ticks of the axis. */
function sharesTable(axis, rows) {
  const names = axis.ticks().map((tick) => tick.text);
  const columns = [''];
  for (let i = 0; i + 1 < names.length; i++) {
    const [low, high] = [names[i], names[i + 1]].map((name) => name.replace('±', i < axis.negative ? '\u2212' : ''));
    columns.push(`${low} to ${high}`);
    if (i + 1 === axis.negative) {
      columns.push(`within ${names[i + 1]}`);
    }
  }
  return {
    columns,
    rows: rows.map(([label, spectrum]) => {
      const shares = [...axis.shares(spectrum, 1)].map(percent);
      shares.splice(axis.negative, 0, percent(axis.within(spectrum)));
      return [label, ...shares];
    }),
  };
}

/** Returns the highest density of frames, for the last colour of their spectrograms. */
export function highest(axis, frames) {
  let most = 10 * LEAST;
  for (const frame of frames.filter((each) => hasSpectrum(each))) {
    axis.perDecade(frame.spectra.get(EIGENVALUES)).forEach((value) => {
      most = value > most ? value : most;
    });
  }
  return most;
}

/**
 * Returns the density over iterations, by colour.
 *
 * @param {SpectrumAxis} axis that fits the frames
 * @param {object[]} all frames, of which those without a spectrum are left out
 * @param {number} most density, of the last colour
 * @param {string} [title]
 */
export function spectrogram(axis, all, most, title) {
  const frames = all.filter((frame) => hasSpectrum(frame));
  if (frames.length < 2) {
    return null;
  }
  const x = frames.map((frame) => frame.iteration);
  const columns = frames.map((frame) => axis.perDecade(frame.spectra.get(EIGENVALUES)));
  const edges = frames.map((frame) => known(frame.values.get(EDGE)));
  const largest = frames.map((frame) => known(frame.values.get(eigenvalue(1))));
  const curve = (values, label, of, dash) => ({
    label, colour: of, dash, values, width: 1.4,
    y: values.map((value) => (value === null ? null : axis.place(value))),
  });
  const lines = [
    curve(largest, 'largest', 's0'),
    curve(edges, 'bulk edge', 'alert-edge', [4, 3]),
  ].filter((each) => each.values.some((value) => value !== null));
  return {
    ...iterations(x),
    title,
    x,
    lines,
    yRange: [-axis.negative, axis.positive],
    yTicks: axis.ticks(),
    unit: 'eigenvalue',
    levels: [{ at: 0, text: '' }],
    paint: (u) => {
      const image = painted(columns, most, RAMP.map(rgb));
      const { ctx } = u;
      ctx.imageSmoothingEnabled = false;
      const edge = (i) => u.valToPos(i <= 0 ? x[0] : i >= x.length ? x.at(-1) : (x[i - 1] + x[i]) / 2, 'x', true);
      for (let i = 0; i < x.length; i++) {
        const left = Math.round(edge(i));
        ctx.drawImage(image, i, 0, 1, image.height, left, u.bbox.top, Math.max(1, Math.round(edge(i + 1)) - left), u.bbox.height);
      }
    },
    key: () => rampKey(most),
    say: (i, pointed) => `${pointed ? '' : 'now, '}iteration ${text(x[i], 9)}: `
        + [...lines.map((each) => `${each.label} ${text(each.values[i])}`),
          `${percent(axis.within(frames[i].spectra.get(EIGENVALUES)))} within ±${powerOfTen(axis.exponent)}`].join(', '),
    table: () => sharesTable(axis, evenly(frames, TABLE_ROWS).reverse().map((frame) =>
      [`iteration ${text(frame.iteration, 9)}`, frame.spectra.get(EIGENVALUES)])),
  };
}

function rampKey(most) {
  const ramp = drawn('svg', { viewBox: '0 0 90 10', preserveAspectRatio: 'none', class: 'ramp' });
  RAMP.forEach((name, i) => ramp.append(drawn('rect', { x: 10 * i, y: 0, width: 10, height: 10, class: name })));
  return element('li', {}, element('span', { text: text(LEAST) }), ramp,
      element('span', { text: `${text(most, 2)} per decade` }));
}

/** Returns where the gradient lies, as a histogram over eigenvalues. */
export function gradientMeasure(frames, shown) {
  if (shown.length === 0) {
    return null;
  }
  const axis = axisOf(frames, GRADIENT);
  const cells = QUARTERS * (axis.negative + axis.positive);
  const x = Array.from({ length: cells + 1 }, (_, i) => i / QUARTERS - axis.negative);
  let most = 0;
  const lines = shown.map((each) => {
    const values = [...axis.shares(each.frame.spectra.get(GRADIENT), QUARTERS)];
    most = Math.max(most, ...values);
    return {
      label: each.label, colour: each.colour, dash: each.dash, kind: 'steps', values: [...values, 0], y: [...values, 0],
    };
  });
  const yRange = [0, most > 0 ? 1.08 * most : 1];
  const edges = (i) => `${text(axis.value(x[i]), 2)} to ${text(axis.value(x[i + 1]), 2)}`;
  return {
    x,
    lines,
    xRange: [-axis.negative, axis.positive],
    yRange,
    xTicks: axis.ticks(),
    yTicks: ticks(...yRange, 5).map((tick) => ({ ...tick, text: percent(tick.at) })),
    unit: 'share of ‖g‖² per quarter of a decade',
    say: (i, pointed) => pointed && i < cells
      ? `${edges(i)}: ${lines.map((each) => `${lines.length > 1 ? `${each.label} ` : ''}${percent(each.values[i])}`).join(', ')}`
      : shown.map((each) => `${lines.length > 1 ? `${each.label}: ` : `iteration ${text(each.frame.iteration, 9)}: `}`
          + `${percent(axis.within(each.frame.spectra.get(GRADIENT)))} within ±${powerOfTen(axis.exponent)}`).join('; '),
    table: () => sharesTable(axis, shown.map(({ label, frame }) => [label, frame.spectra.get(GRADIENT)])),
  };
}

/** Returns the gradient's fraction by the dimension of the eigenspace, against chance. */
export function fractionByDimension(shown, order) {
  const most = Math.max(0, ...shown.map(({ frame }) => numbered([frame], fraction, 1000).length));
  if (most < 2) {
    return null;
  }
  const x = Array.from({ length: most }, (_, i) => i + 1);
  const lines = shown.map((each) => {
    const values = x.map((k) => known(each.frame.values.get(fraction(k))));
    return { label: each.label, colour: each.colour, dash: each.dash, values, y: values, dots: true };
  });
  if (order > 0) {
    const chance = x.map((k) => k / order);
    lines.push({ label: 'chance k/n', colour: 'quiet', dash: [6, 4], values: chance, y: chance });
  }
  return {
    x,
    lines,
    xRange: [1, most],
    xTicks: ticks(1, most, 8, 1),
    ...fitting([], [], 'share'),
    unit: 'now, against chance',
    say: (i) => `top ${x[i]}: ${lines.filter((each) => each.values[i] !== null).map((each) => `${each.label} ${percent(each.values[i])}`).join(', ')}`,
  };
}

/** Returns how long probes took, over iterations. */
export function durations(probes) {
  const shown = probes.filter((probe) => probe.durations.length > 1);
  return overIterations([], shown.map((probe, i) => ({
    label: probe.probe,
    colour: `s${i % 8}`,
    dash: DASHES[i % DASHES.length],
    key: 'seconds',
    frames: probe.durations.map(([iteration, seconds]) => ({ iteration, values: new Map([['seconds', seconds]]) })),
  })), 'zero', { unit: 'seconds' });
}

