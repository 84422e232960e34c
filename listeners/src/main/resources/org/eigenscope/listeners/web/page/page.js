// The live page: listens to the server's events and shows what was measured.

import { element, drawn, fillTable, setText } from './dom.js';
import * as figures from './figures.js';
import { GRADIENT, History, parsed, tagText } from './history.js';
import { age, clock, count, duration, percent, subscript, text, UNKNOWN } from './numbers.js';
import { evenly, forgetColours, keyOf, Plot } from './plot.js';
import { Stream } from './stream.js';
import * as structures from './structure.js';

/** Readings come in bursts when the history is sent: the page is drawn at most so often... */
const DRAW_MILLIS = 150;

/** ... and rests so many times as long as drawing took. */
const REST = 4;

/** A reading is late after so many times the usual interval, and so many seconds. */
const LATE_INTERVALS = 5;
const LATE_SECONDS = 15;

const MAX_LARGEST = 10;
const MAX_LINES = 8;
const MAX_OTHERS = 24;
const SPARK_POINTS = 60;
const STRIP = 3;
const DIMENSIONS = [1, 2, 5, 10];
const SEVERITIES = ['critical', 'warning', 'info'];

const byId = (id) => document.getElementById(id);
const history = new History();
let hello = null;
let selection = chosenInAddress();
let pointed = null;

/* ---------------------------------------------------------------- figures */

const overTime = { sync: 'iterations', onCursor: null };
const plots = {
  density: new Plot('Spectral density', { height: 300, xTitle: 'eigenvalue' }),
  spectrogram: new Plot('Spectrum over iterations', { height: 300, ...overTime, onCursor: point }),
  gradient: new Plot('Where the gradient lies', { xTitle: 'eigenvalue' }),
  largest: new Plot('Largest eigenvalues', overTime),
  smallest: new Plot('Smallest eigenvalues', overTime),
  stability: new Plot('Stability ratio', overTime),
  loss: new Plot('Loss', overTime),
  trace: new Plot('Trace', overTime),
  negative: new Plot('Negative mass', overTime),
  outliers: new Plot('Outliers', overTime),
  outlierRatio: new Plot('Outlier ratio', overTime),
  fraction: new Plot('Gradient fraction', overTime),
  dimension: new Plot('Gradient fraction by k', { xTitle: 'k' }),
  overlap: new Plot('Overlap with the eigenspace before', overTime),
  norm: new Plot('Gradient norm', overTime),
  armDensity: new Plot('Spectral densities', { xTitle: 'eigenvalue' }),
  armLargest: new Plot('Largest eigenvalue', overTime),
  armFraction: new Plot('Gradient fraction, by arm', overTime),
  armLoss: new Plot('Loss, by arm', overTime),
  armOutliers: new Plot('Outliers, by arm', overTime),
  armRatio: new Plot('Largest eigenvalue against the reference', overTime),
  classEigenvalues: new Plot('Eigenvalues by class', { xTitle: 'rank' }),
  classCarry: new Plot('What class means carry', overTime),
  classShares: new Plot('Shares of the trace', overTime),
  rests: new Plot('Hessian, Gauss-Newton and residual', { xTitle: 'eigenvalue' }),
  heldOutRests: new Plot('Hessian, Gauss-Newton and residual, held out', { xTitle: 'eigenvalue' }),
  attribution: new Plot('Where the Hessian’s outliers come from', { xTitle: 'rank' }),
  durations: new Plot('Duration of readings', { height: 150 }),
};
const armSpectrograms = [1, 2, 3].map((i) => new Plot(`Spectrum, arm ${i}`, overTime));
const others = new Map();

function add(id, plot) {
  plot.show(null);
  byId(id).append(plot.figure);
}

function place(id, ...names) {
  names.forEach((name) => add(id, plots[name]));
}
place('spectrum', 'density', 'spectrogram');
armSpectrograms.forEach((plot) => add('arms', plot));
place('arms', 'armDensity', 'armLargest', 'armFraction', 'armLoss', 'armOutliers', 'armRatio');
place('eigenvalues', 'largest', 'stability', 'loss', 'outliers', 'outlierRatio', 'trace', 'negative', 'smallest');
place('gradient', 'dimension', 'fraction', 'overlap', 'gradient', 'norm');
place('structure', 'classEigenvalues', 'classCarry', 'classShares', 'rests', 'heldOutRests', 'attribution');
place('durations', 'durations');

/* ---------------------------------------------------------------- choices */

/** What can be chosen, each within what was chosen before it. */
const CHOICES = [
  { name: 'run', label: 'Run', of: (series) => series.run, newest: true },
  { name: 'model', label: 'Model', of: (series) => series.model },
  { name: 'matrix', label: 'Matrix', ofMatrix: true, of: (series) => JSON.stringify([series.operator, series.layer]), say: matrixText },
  { name: 'probe', label: 'Probe', ofMatrix: true, of: (series) => series.probe, all: 'all probes' },
  { name: 'arm', label: 'Normalization', of: (series) => series.normalization },
];

/** Returns what the address says, as in #run=a&model=b: it can be kept and sent. */
function chosenInAddress() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

window.addEventListener('hashchange', () => {
  if (CHOICES.some((choice) => choice.name in chosenInAddress())) {
    selection = chosenInAddress();
    draw();
  }
});

function matrixText(key) {
  const [operator, layer] = JSON.parse(key);
  const of = layer === '' || layer === 'all' ? 'whole network' : `layer ${layer}`;
  const name = { hessian: 'Hessian', 'gauss-newton': 'Gauss-Newton', '': '' }[operator] ?? operator;
  return name === '' ? of : `${name}, ${of}`;
}

/**
 * Returns what is chosen, with what there is in place of what there is not; fills the controls. What
 * nobody chose is the run that started last, and of that what was measured first: it does not change
 * with each reading.
 */
function choose() {
  let series = history.seriesOf();
  const chosen = {};
  const form = byId('choices');
  for (const choice of CHOICES) {
    // Contrasts have no normalization of their own, and a structure has no matrix and needs no choice of probes.
    const among = choice.ofMatrix ? series.filter((each) => !each.structure)
      : choice.name === 'arm' && series.some((each) => each.normalization !== '')
        ? series.filter((each) => each.normalization !== '') : series;
    const values = [...new Set(among.map(choice.of))];
    const usual = choice.all ? undefined : values.at(choice.newest ? -1 : 0);
    const value = values.includes(selection[choice.name]) ? selection[choice.name] : usual;
    chosen[choice.name] = value;
    if (choice.name === 'arm') {
      chosen.arms = values;
    } else if (value !== undefined) {
      series = series.filter((each) => choice.of(each) === value || (choice.ofMatrix && each.structure));
    }
    fill(form, choice, values, value);
  }
  form.hidden = [...form.children].every((each) => each.hidden);
  return chosen;
}

function fill(form, choice, values, value) {
  let label = form.querySelector(`[data-choice="${choice.name}"]`);
  if (label === null) {
    const select = element('select', { name: choice.name });
    select.addEventListener('change', () => {
      selection = { ...selection, [choice.name]: select.value };
      window.history.replaceState(null, '', `#${new URLSearchParams(selection)}`);
      draw();
    });
    label = element('label', { 'data-choice': choice.name }, element('span', { text: choice.label }), select);
    form.append(label);
  }
  const select = label.querySelector('select');
  const options = choice.all ? ['', ...values] : values;
  const shape = JSON.stringify(options);
  if (select.dataset.options !== shape) {
    select.dataset.options = shape;
    select.replaceChildren(...options.map((each) => element('option', {
      value: each, text: choice.all && each === '' ? choice.all : choice.say?.(each) ?? (each || 'none'),
    })));
  }
  select.value = value ?? '';
  label.hidden = values.length < 2;
}

/* ------------------------------------------------------------------- draw */

let drawing = null;
let drawMillis = 0;

function drawSoon() {
  drawing ??= setTimeout(() => {
    const began = performance.now();
    draw();
    // The charts draw when this is done.
    setTimeout(() => {
      drawMillis = performance.now() - began;
    });
  }, Math.max(DRAW_MILLIS, REST * drawMillis));
}

function point(index) {
  const before = pointed;
  pointed = index === null ? null : shownSpectra[index]?.iteration ?? null;
  if (pointed !== before) {
    drawDensity();
  }
}

let shown = null;
let shownFrames = [];
let shownSpectra = [];
let shownAxis = null;

function draw() {
  clearTimeout(drawing);
  drawing = null;
  shown = choose();
  const [operator, layer] = JSON.parse(shown.matrix ?? '["",""]');
  const matrix = { run: shown.run, model: shown.model, probe: shown.probe, operator, layer };
  const arms = shown.arms.map((name, i) => ({
    label: name || 'all', name, colour: `s${i % 8}`, dash: figures.DASHES[i % figures.DASHES.length],
    frames: history.frames({ ...matrix, normalization: name }),
  }));
  shownFrames = arms.find((arm) => arm.name === shown.arm)?.frames ?? [];
  shownSpectra = shownFrames.filter((frame) => figures.hasSpectrum(frame));
  byId('empty').hidden = history.readings > 0;
  byId('readings').hidden = history.readings === 0;
  drawTiles(shownFrames);
  drawSpectrum();
  drawEigenvalues(shownFrames);
  drawGradient(shownFrames);
  drawArms(arms.slice(0, MAX_LINES), history.frames({ ...matrix, normalization: '' }));
  drawOthers(shownFrames);
  drawStructure(history.structure({ run: shown.run, model: shown.model, normalization: shown.arm }));
  for (const id of ['spectrum', 'eigenvalues', 'gradient']) {
    byId(id).closest('section').hidden = [...byId(id).children].every((figure) => figure.hidden);
  }
  drawHealth();
  drawAlerts();
  drawNotes();
  drawState();
}

function drawSpectrum() {
  shownAxis = figures.axisOf(shownSpectra);
  plots.spectrogram.show(figures.spectrogram(shownAxis, shownSpectra, figures.highest(shownAxis, shownSpectra)));
  drawDensity();
}

function drawDensity() {
  const newest = shownSpectra.at(-1);
  const past = pointed === null ? undefined : shownSpectra.find((frame) => frame.iteration === pointed);
  const label = (frame) => `iteration ${text(frame.iteration, 9)}`;
  plots.density.show(figures.density(shownAxis, newest === undefined ? [] : [
    { label: label(newest), colour: 's0', frame: newest, marked: true },
    ...(past === undefined || past === newest ? [] : [{ label: label(past), colour: 's1', dash: [5, 3], frame: past }]),
  ]));
}

function drawEigenvalues(frames) {
  const { eigenvalue, residual } = figures;
  const ranked = (end) => {
    const ranks = figures.numbered(frames, (rank) => eigenvalue(rank, end), MAX_LARGEST);
    return ranks.map((rank, i) => ({
      label: `rank ${rank}`, colour: figures.shade(i, ranks.length),
      key: eigenvalue(rank, end), doubt: residual(rank, end),
    }));
  };
  const bands = 'Bands: residuals; an eigenvalue lies within.';
  plots.largest.show(figures.overIterations(frames, ranked('largest'), 'fitting', { explanation: bands }));
  plots.smallest.show(figures.overIterations(frames, ranked('smallest'), 'fitting', { explanation: bands }));
  plots.stability.show(single(frames, 'stability ratio', 'eigenscope.stability.ratio', 'zero', {
    levels: [{ at: 1, text: 'limit', colour: 'alert-edge' }],
    explanation: 'Largest eigenvalue over the optimiser’s limit; gradient descent on a quadratic diverges above 1.',
  }));
  plots.loss.show(single(frames, 'loss', 'eigenscope.loss', 'fitting', {
    explanation: 'Mean loss on the probe’s data.',
  }));
  plots.trace.show(figures.overIterations(frames, [
    { label: 'trace', colour: 's0', key: figures.TRACE, doubt: figures.TRACE_ERROR },
  ], 'zero', { explanation: 'Band: one standard error over the draws.' }));
  plots.negative.show(single(frames, 'negative mass', 'eigenscope.negative.mass', 'zero', {
    explanation: 'Sum of absolute negative eigenvalues over that of all.',
  }));
  plots.outliers.show(single(frames, 'outliers', 'eigenscope.outliers', 'count', {
    explanation: 'Eigenvalues above the edge of the bulk.',
  }));
  plots.outlierRatio.show(single(frames, 'ratio', 'eigenscope.outlier.ratio', 'fitting', {
    explanation: 'Largest eigenvalue over the edge of the bulk.',
  }));
}

function single(frames, label, key, kind, more) {
  return figures.overIterations(frames, [{ label, colour: 's0', key }], kind, more);
}

/** Returns the order of a matrix; 0 where no spectrum tells. */
function orderOf(frames) {
  for (let i = frames.length - 1; i >= 0; i--) {
    for (const spectrum of frames[i].spectra.values()) {
      return spectrum.order;
    }
  }
  return 0;
}

function drawGradient(frames) {
  const order = orderOf(frames);
  const all = figures.numbered(frames, figures.fraction, 1000);
  const chosen = dimensions(all.length);
  const lines = (of) => chosen.map((k, i) => ({
    label: `k = ${k}`, colour: figures.shade(i, chosen.length), key: of(k),
  }));
  const largest = chosen.at(-1);
  plots.fraction.show(figures.overIterations(frames, lines(figures.fraction), 'share', {
    levels: order > 0 && largest ? [{ at: largest / order, text: `chance ${percent(largest / order)}` }] : [],
    explanation: 'Part of the squared gradient norm in the eigenspace of the k largest eigenvalues; chance is k/n, drawn for the largest k.',
  }));
  const newest = frames.findLast((frame) => frame.values.has(figures.fraction(1)));
  plots.dimension.show(newest === undefined ? null : figures.fractionByDimension(
      [{ label: `iteration ${text(newest.iteration, 9)}`, colour: 's0', frame: newest }], order));
  plots.overlap.show(figures.overIterations(frames, lines(figures.overlap), 'share', {
    explanation: 'Of the top k eigenspaces of two readings, one after the other: 1 when they are the same.',
  }));
  const measured = frames.filter((frame) => figures.hasSpectrum(frame, GRADIENT));
  plots.gradient.show(figures.gradientMeasure(measured, measured.slice(-1).map((frame) => (
    { label: `iteration ${text(frame.iteration, 9)}`, colour: 's0', frame }))));
  plots.norm.show(single(frames, 'gradient norm', 'eigenscope.gradient.norm', 'fitting', {}));
}

/** Returns up to four dimensions of eigenspaces, the largest among them. */
function dimensions(most) {
  return [...new Set([...DIMENSIONS.filter((k) => k <= most), ...(most > 0 && most < 10 ? [most] : [])])].slice(-4);
}

/* ------------------------------------------------------------------ tiles */

/** Returns the newest frame that knows a meter. */
function newestOf(frames, key) {
  return frames.findLast((frame) => frame.values.has(key));
}

function drawTiles(frames) {
  const newest = frames.at(-1);
  const tile = (label, key, say) => {
    const frame = newestOf(frames, key);
    if (frame === undefined) {
      return [];
    }
    const value = frame.values.get(key);
    const said = { value: text(value), doubt: '', state: '', ...say(value, frame) };
    const old = frame === newest ? '' : ` · at iteration ${text(frame.iteration, 9)}`;
    return [element('div', { class: `tile ${said.state}` },
        element('dt', { text: label }),
        element('dd', {},
            element('span', { class: 'value', text: said.value }),
            element('span', { class: 'doubt', text: said.doubt + old }),
            sparkline(frames, key)))];
  };
  const eigenvalueTile = (label, end) => tile(label, figures.eigenvalue(1, end), (value, frame) => {
    const residual = frame.values.get(figures.residual(1, end));
    const largest = Math.max(Math.abs(frame.values.get(figures.eigenvalue(1)) ?? 0), Math.abs(value ?? 0));
    return Number.isFinite(residual) && residual > figures.LARGE_RESIDUAL * largest
      ? { doubt: `± ${text(residual, 2)}, not converged`, state: 'warning' }
      : { doubt: Number.isFinite(residual) ? `± ${text(residual, 2)}` : 'residual unknown' };
  });
  const k = Math.min(10, figures.numbered(frames, figures.fraction, 10).length);
  const order = orderOf(frames);
  byId('tiles').replaceChildren(
      ...eigenvalueTile('Largest eigenvalue', 'largest'),
      ...tile('Stability ratio', 'eigenscope.stability.ratio', (value) => value === null
        ? { doubt: 'no limit is known' }
        : { doubt: value > 1 ? 'above the limit' : 'of the limit 1', state: value > 1 ? 'warning' : '' }),
      ...tile('Outliers', 'eigenscope.outliers', (value, frame) => {
        const edge = frame.values.get(figures.EDGE);
        return { doubt: value === null ? 'too few eigenvalues to tell' : Number.isFinite(edge) ? `bulk edge ${text(edge, 3)}` : '' };
      }),
      ...tile(`Gradient in top ${k}`, figures.fraction(k), (value) => ({
        value: percent(value ?? NaN), doubt: order > 0 ? `chance ${percent(k / order)}` : '',
      })),
      ...tile('Trace', figures.TRACE, (value, frame) => {
        const error = frame.values.get(figures.TRACE_ERROR);
        return { doubt: Number.isFinite(error) ? `± ${text(error, 2)}, standard error` : 'standard error unknown' };
      }),
      ...tile('Negative mass', 'eigenscope.negative.mass', (value) => ({ value: percent(value ?? NaN), doubt: 'of all absolute' })),
      ...eigenvalueTile('Smallest eigenvalue', 'smallest'),
      ...tile('Loss', 'eigenscope.loss', (value) => value === null
        ? { doubt: 'not finite', state: 'critical' } : { doubt: 'on the probe’s data' }));
  byId('now-title').closest('section').hidden = newest === undefined;
  setText(byId('now-title'), newest === undefined ? 'Now'
    : `Iteration ${text(newest.iteration, 9)}`);
}

/** Returns a small line of the last values, which the figures below show in full. */
function sparkline(frames, key) {
  const values = evenly(frames.map((frame) => frame.values.get(key)).filter(Number.isFinite), SPARK_POINTS);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, i) =>
    `${((100 * i) / Math.max(1, values.length - 1)).toFixed(1)},${(high > low ? 22 - (20 * (value - low)) / (high - low) : 12).toFixed(1)}`);
  return drawn('svg', { viewBox: '0 0 100 24', preserveAspectRatio: 'none', class: 'spark', 'aria-hidden': 'true' },
      ...(values.length > 1 ? [drawn('polyline', { points: points.join(' ') })] : []));
}

/* ------------------------------------------------------------------- arms */

function drawArms(arms, contrasts) {
  const section = byId('arms-table').closest('section');
  const some = arms.filter((arm) => arm.frames.length > 0);
  section.hidden = some.length < 2;
  if (section.hidden) {
    return;
  }
  const k = Math.min(10, ...some.map((arm) => figures.numbered(arm.frames, figures.fraction, 10).length));
  const over = (key, kind, more, doubt) => figures.overIterations([],
      some.map((arm) => ({ ...arm, key, doubt })), kind, more);
  const newest = (of) => some.flatMap((arm) => {
    const frame = arm.frames.findLast(of);
    return frame === undefined ? [] : [{ ...arm, frame }];
  });
  const spectra = newest((frame) => figures.hasSpectrum(frame));
  const all = some.flatMap((arm) => arm.frames);
  const axis = figures.axisOf(all);
  plots.armDensity.show(figures.density(axis, spectra));
  const most = figures.highest(axis, all);
  armSpectrograms.forEach((plot, i) => plot.show(some[i] === undefined ? null
    : figures.spectrogram(axis, some[i].frames, most, `Spectrum, ${some[i].label}`)));
  plots.armLargest.show(over(figures.eigenvalue(1), 'fitting', { explanation: 'Bands: residuals.' }, figures.residual(1)));
  plots.armFraction.show(k < 1 ? null : over(figures.fraction(k), 'share', { unit: `top ${k}` }));
  plots.armLoss.show(over('eigenscope.loss', 'fitting', {}));
  plots.armOutliers.show(over('eigenscope.outliers', 'count', {}));
  const ratios = [...new Set(contrasts.flatMap((frame) => [...frame.values.keys()]))]
      .filter((key) => parsed(key).name === 'eigenscope.contrast.eigenvalue.ratio').slice(0, MAX_LINES);
  plots.armRatio.show(figures.overIterations(contrasts, ratios.map((key, i) => ({
    label: `${parsed(key).tags.arm} against ${parsed(key).tags.reference}`,
    colour: some.find((arm) => arm.name === parsed(key).tags.arm)?.colour ?? `s${i}`,
    dash: some.find((arm) => arm.name === parsed(key).tags.arm)?.dash,
    key,
  })), 'zero', { levels: [{ at: 1, text: 'the same' }], unit: 'ratio' }));
  drawArmsTable(some, contrasts, k);
}

function drawArmsTable(arms, contrasts, k) {
  const value = (frames, key) => newestOf(frames, key)?.values.get(key);
  const withDoubt = (frames, key, doubt) => {
    const frame = newestOf(frames, key);
    const [of, error] = [frame?.values.get(key), frame?.values.get(doubt)];
    return Number.isFinite(of) && Number.isFinite(error) ? `${text(of)} ± ${text(error, 2)}` : text(of);
  };
  const eigen = (frames, rank) => value(frames, figures.eigenvalue(rank));
  const last = Math.min(10, ...arms.map((arm) => figures.numbered(arm.frames, figures.eigenvalue, 10).length));
  const rows = arms.map((arm) => {
    const { frames } = arm;
    return [
      element('span', { class: 'keyed' }, keyOf(arm), arm.label), text(frames.at(-1).iteration, 9),
      withDoubt(frames, figures.eigenvalue(1), figures.residual(1)),
      text(eigen(frames, 1) / eigen(frames, last), 3), text(value(frames, 'eigenscope.outliers')),
      percent(value(frames, figures.fraction(k)) ?? NaN),
      withDoubt(frames, figures.TRACE, figures.TRACE_ERROR),
      percent(value(frames, 'eigenscope.negative.mass') ?? NaN),
      text(value(frames, 'eigenscope.loss')), text(value(frames, 'eigenscope.stability.ratio'), 3),
    ];
  });
  const columns = ['normalization', 'iteration', 'λ₁', `λ₁/λ${subscript(last)}`, 'outliers', `gradient in top ${k}`,
    'trace', 'negative mass', 'loss', 'stability ratio'];
  const newest = contrasts.at(-1);
  if (newest !== undefined) {
    const names = {
      'eigenscope.contrast.eigenvalue.ratio': 2, 'eigenscope.contrast.outlier.ratio': 3,
      'eigenscope.contrast.outliers.difference': 4, 'eigenscope.contrast.gradient.fraction.difference': 5,
      'eigenscope.contrast.loss.difference': 8,
    };
    const byPair = new Map();
    for (const [key, of] of newest.values) {
      const { name, tags } = parsed(key);
      if (names[name] !== undefined) {
        const pair = `${tags.arm} against ${tags.reference}`;
        const row = byPair.get(pair) ?? [pair, text(newest.iteration, 9), ...Array(8).fill('')];
        row[names[name]] = name.endsWith('ratio') ? `× ${text(of, 3)}`
          : name.includes('fraction') ? signed(100 * of, ' points') : signed(of, '');
        byPair.set(pair, row);
      }
    }
    rows.push(...[...byPair.values()].slice(0, MAX_LINES));
  }
  fillTable(byId('arms-table'), '', columns, rows);
}

function signed(value, unit) {
  return Number.isFinite(value) ? `${value > 0 ? '+' : ''}${text(value, 3)}${unit}` : UNKNOWN;
}

/* -------------------------------------------------------------- structure */

function drawStructure({ frames, meters }) {
  const structure = new structures.Structure(frames, meters);
  plots.classEigenvalues.show(structures.classEigenvalues(structure));
  plots.classCarry.show(structures.classesCarry(structure));
  plots.classShares.show(structures.classShares(structure));
  const [first, second] = structures.dataOf(structure);
  plots.rests.show(first === undefined ? null : structures.densities(structure, first));
  plots.heldOutRests.show(second === undefined ? null : structures.densities(structure, second));
  plots.attribution.show(structures.attribution(structure));
  const { columns, rows } = structures.layers(structure, sparkline,
      (value, line) => element('div', { class: 'course' }, element('span', { text: value }), line));
  const table = byId('layers-table');
  table.parentElement.hidden = rows.length === 0;
  if (rows.length > 0) {
    fillTable(table, 'Layers: newest values, and how they went', columns, rows);
  } else {
    table.replaceChildren();
  }
  byId('structure').closest('section').hidden = rows.length === 0
      && [...byId('structure').children].every((figure) => figure.hidden);
}

/* ----------------------------------------------------------------- others */

const KNOWN = new Set(['eigenscope.eigenvalue', 'eigenscope.eigenvalue.residual', 'eigenscope.outliers',
  'eigenscope.bulk.edge', 'eigenscope.trace', 'eigenscope.trace.standard.error', 'eigenscope.negative.mass',
  'eigenscope.gradient.fraction', 'eigenscope.gradient.norm', 'eigenscope.loss', 'eigenscope.subspace.overlap',
  'eigenscope.stability.ratio', 'eigenscope.outlier.ratio']);

/** Draws what no other figure knows, by its name: a probe of one's own. */
function drawOthers(frames) {
  const names = new Map();
  for (const frame of frames) {
    for (const key of frame.values.keys()) {
      const { name } = parsed(key);
      if (!KNOWN.has(name) && !name.startsWith('eigenscope.contrast.') && (names.has(name) || names.size < MAX_OTHERS)) {
        names.set(name, (names.get(name) ?? new Set()).add(key));
      }
    }
  }
  for (const [name, plot] of others) {
    if (!names.has(name)) {
      plot.show(null);
    }
  }
  for (const [name, keys] of names) {
    if (!others.has(name)) {
      if (others.size >= 2 * MAX_OTHERS) {
        continue;
      }
      others.set(name, new Plot(name.replace(/^eigenscope\./, '').replaceAll('.', ' '), overTime));
      byId('others').append(others.get(name).figure);
    }
    others.get(name).show(figures.overIterations(frames, [...keys].slice(0, MAX_LINES).map((key, i) => ({
      label: tagText(parsed(key).tags) || 'value',
      colour: `s${i}`, dash: figures.DASHES[i % figures.DASHES.length], key,
    })), 'fitting'));
  }
  byId('others-title').closest('section').hidden = names.size === 0;
}

/* ----------------------------------------------------------------- health */

function drawHealth() {
  const probes = [...history.probes.values()].reverse();
  const where = (probe) => [probe.run, probe.model, probe.probe].join(' · ');
  fillTable(byId('probes'), '',
      ['probe', 'last measurement', 'readings', 'failed', 'skipped', 'duration', 'products', 'overhead', 'newest reading'],
      probes.map((probe) => {
        const { event } = probe;
        return [
          where(probe),
          outcome(event, probe),
          text(event?.completed ?? probe.readings, 9),
          bad(event?.failed),
          bad(event?.skipped),
          duration(probe.seconds ?? NaN),
          probe.matvecs === undefined ? UNKNOWN : text(probe.matvecs, 9),
          percent(event?.overheadRatio ?? NaN),
          element('span', { class: 'ago', 'data-time': probe.newest ?? '' }),
        ];
      }));
  byId('health').hidden = probes.length === 0;
  plots.durations.show(figures.durations(
      probes.filter((probe) => probe.run === shown.run && probe.model === shown.model).slice(0, MAX_LINES)));
}

function outcome(event, probe) {
  if (event === null) {
    return `completed at iteration ${text(probe.iteration, 9)}`;
  }
  const words = `${event.outcome} at iteration ${text(event.iteration, 9)}${event.message ? `: ${event.message}` : ''}`;
  return event.outcome === 'completed' ? words : element('strong', { class: 'bad', text: words });
}

function bad(number) {
  return number > 0 ? element('strong', { class: 'bad', text: text(number, 9) }) : number === 0 ? '0' : UNKNOWN;
}

/* ------------------------------------------------------- alerts and notes */

function severity(alert) {
  return SEVERITIES.includes(alert.severity) ? alert.severity : 'warning';
}

function drawAlerts() {
  const active = history.alertsThatAre('raised');
  active.sort((a, b) => SEVERITIES.indexOf(severity(a)) - SEVERITIES.indexOf(severity(b)));
  const strip = byId('active');
  strip.hidden = active.length === 0;
  const items = active.slice(0, STRIP).map((alert) => element('li', { class: severity(alert) },
      element('strong', { text: alert.name }), ' ', element('span', { text: alert.summary })));
  if (active.length > STRIP) {
    items.push(element('li', {}, element('a', { href: '#alerts', text: `${active.length - STRIP} more` })));
  }
  replaceUnlessSame(strip.querySelector('ul'), items);
  const resolved = history.alertsThatAre('resolved');
  const list = [...active, ...resolved].map((alert) => element('li',
      { class: alert.state === 'raised' ? severity(alert) : 'resolved' },
      element('strong', { text: alert.name }), ' ',
      element('small', { text: alert.state === 'raised' ? severity(alert) : 'resolved' }),
      element('p', { text: alert.summary }),
      element('small', {
        text: [`${alert.state === 'raised' ? 'since' : 'at'} ${clock(Date.parse(alert.time))}`,
          alert.run, alert.model, alert.probe, tagText(alert.tags), `iteration ${text(alert.iteration, 9)}`,
          `value ${text(alert.value)}`, `limit ${text(alert.limit)}`, alert.runbook].filter((each) => each).join(' · '),
      })));
  replaceUnlessSame(byId('alerts').querySelector('ol'), list.length > 0 ? list
    : [element('li', { class: 'none', text: 'No alert.' })]);
}

function drawNotes() {
  const notes = [...history.notes.values()];
  byId('notes').hidden = notes.length === 0;
  const runs = new Set(notes.map((note) => note.run));
  replaceUnlessSame(byId('notes').querySelector('ul'), notes.map((note) => element('li', {},
      element('span', { text: note.text }), ' ',
      element('small', {
        text: [...(runs.size > 1 ? [note.run] : []),
          note.first === note.last ? `iteration ${text(note.first, 9)}`
            : `iterations ${text(note.first, 9)} to ${text(note.last, 9)}, ${count(note.times, 'reading')}`].join(' · '),
      }))));
}

/** Leaves a list alone, and what is focused or read in it, that would be the same. */
function replaceUnlessSame(list, items) {
  const made = element('div', {}, ...items);
  if (made.innerHTML !== list.innerHTML) {
    list.replaceChildren(...made.childNodes);
  }
}

/* ------------------------------------------------------------------ state */

/** Returns how the page is, in a word. */
function stateOf() {
  if (stream.lostSince !== null) {
    return 'lost';
  }
  if (!stream.connected) {
    return 'connecting';
  }
  if (hello?.state === 'finished') {
    return 'finished';
  }
  const usual = history.usualInterval(shown?.run);
  const isLate = secondsSince(history.newestTime(shown?.run)) > Math.max(LATE_SECONDS, LATE_INTERVALS * usual);
  // A journal that does not grow is a finished one, as most are.
  return !isLate ? 'live' : hello?.source === 'journal' ? 'finished' : 'stale';
}

function secondsSince(millis) {
  return (stream.now() - millis) / 1000;
}

/** Draws what changes with time alone. */
function drawState() {
  const state = stateOf();
  document.body.dataset.state = state;
  const newest = history.newestTime(shown?.run);
  const usual = history.usualInterval(shown?.run);
  const isJournal = hello?.source === 'journal';
  setText(byId('state-text'), {
    lost: 'Disconnected', connecting: 'Connecting', stale: 'No new readings',
    finished: isJournal ? 'Journal' : 'Ended', live: isJournal ? 'Following the journal' : 'Live',
  }[state]);
  setText(byId('age'), Number.isNaN(newest) ? ''
    : state === 'finished' ? `last reading ${clock(newest)}`
      : `newest reading ${age(secondsSince(newest))} ago${usual > 0 ? `, usually one every ${duration(usual)}` : ''}`);
  const banner = byId('banner');
  const since = clock(stream.lostSince ?? NaN);
  const words = state === 'lost'
    ? `Disconnected since ${since}${hello?.state === 'finished' && !isJournal ? ', when the training closed its endpoint' : ''}. `
        + `${history.readings > 0 ? 'What is shown is of then. ' : ''}Trying again.`
    : state === 'stale' ? `No reading since ${clock(newest)}, though there is usually one every ${duration(usual)}. The server is there; the training may have ended, or a probe is stuck.`
      : '';
  banner.hidden = words === '';
  setText(banner, words);
  for (const each of document.querySelectorAll('.ago')) {
    const time = Number(each.dataset.time);
    setText(each, each.dataset.time === '' ? UNKNOWN
      : state === 'finished' ? clock(time) : `${age(secondsSince(time))} ago`);
  }
  byId('metrics').hidden = isJournal;
  setText(byId('title'), hello?.title ?? '');
  setText(byId('version'), hello?.version ? `Eigenscope ${hello.version}` : 'Eigenscope');
  if (history.readings === 0) {
    const failed = [...history.probes.values()].map((probe) => probe.event).findLast((event) => event?.outcome === 'failed');
    setText(byId('empty-text'), failed
      ? `Probe ${failed.probe} failed at iteration ${text(failed.iteration, 9)}: ${failed.message}`
      : state === 'lost' ? 'The server does not answer.'
        : 'The page fills as soon as a probe has measured something.');
  }
  document.title = titleOf(state);
}

function titleOf(state) {
  const active = history.alertsThatAre('raised').length;
  const sign = { lost: '✕ ', stale: '… ' }[state] ?? '';
  const newest = shownFrames.at(-1);
  const largest = newestOf(shownFrames, figures.eigenvalue(1))?.values.get(figures.eigenvalue(1));
  const what = newest === undefined ? ''
    : `${shown.run} · ${text(newest.iteration, 9)}${Number.isFinite(largest) ? ` · λ₁ ${text(largest, 3)}` : ''} – `;
  return `${sign}${active > 0 ? `(${active}) ` : ''}${what}Eigenscope`;
}

/* ------------------------------------------------------------------ start */

const stream = new Stream('api/events', {
  hello: (event, isAnew) => {
    // Of another training, or of a journal that was replaced, everything comes again, too.
    if (isAnew || hello.instance !== event.instance) {
      history.clear();
    }
    hello = event;
    drawSoon();
  },
  reading: (event) => {
    history.addReading(event);
    drawSoon();
  },
  probe: (event) => {
    history.addProbe(event);
    drawSoon();
  },
  alert: (event) => {
    history.addAlert(event);
    drawSoon();
  },
  beat: () => drawState(),
}, () => drawState());

setInterval(drawState, 1000);

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  forgetColours();
  [...Object.values(plots), ...armSpectrograms, ...others.values()].forEach((plot) => plot.redraw());
  draw();
});

draw();
