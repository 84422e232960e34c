// What has arrived, bounded: readings as frames of series, probes, alerts, notes.

const MAX_FRAMES = 600;
const MAX_SERIES = 128;
const MAX_PROBES = 64;
const MAX_ACTIVE = 100;
const MAX_RESOLVED = 50;
const MAX_NOTES = 60;
const MAX_DURATIONS = 400;
const GAPS = 20;

/** Meters of one structure probe: a reading of 32 layers has 320. */
const MAX_METERS = 4096;

/** Tags that are part of what a series is of; the others belong to a meter. */
const MATRIX_TAGS = new Set(['operator', 'layer', 'normalization']);

/** Names of what structure probes measure, which belongs to a model rather than to a matrix. */
export const STRUCTURE = new Set([
  'class.trace', 'class.trace.standard.error', 'class.eigenvalue', 'class.ratio', 'class.knockout', 'class.spectrum',
  'eigenvalue', 'eigenvalue.residual', 'rest.edge', 'rest.spectrum', 'outlier.share', 'outlier.overlap',
  'layer.eigenvalue', 'layer.decoupling.error', 'layer.overlap', 'layer.rank.one.ratio',
  'layer.mean.input.alignment', 'layer.autocorrelation.ratio', 'layer.output.spectrum', 'layer.input.spectrum',
].map((name) => `eigenscope.structure.${name}`));

export const EIGENVALUES = 'eigenscope.spectrum';
export const GRADIENT = 'eigenscope.gradient.spectrum';

/** Returns the key of a meter: its name and those tags that do not name a series. */
export function meter(name, tags = {}) {
  const own = Object.keys(tags).filter((tag) => !MATRIX_TAGS.has(tag)).sort();
  return own.length === 0 ? name : `${name} ${JSON.stringify(own.map((tag) => [tag, tags[tag]]))}`;
}

/** Returns the key of what a structure probe measures: matrices and layers are told apart, too. */
function structureMeter(name, tags) {
  const own = Object.keys(tags).filter((tag) => tag !== 'normalization').sort();
  return `${name} ${JSON.stringify(own.map((tag) => [tag, tags[tag]]))}`;
}

/** Returns the name and the tags that a key was made of. */
export function parsed(key) {
  const end = key.indexOf(' [[');
  return end < 0
    ? { name: key, tags: {} }
    : { name: key.slice(0, end), tags: Object.fromEntries(JSON.parse(key.slice(end + 1))) };
}

export const LARGEST = meter('eigenscope.eigenvalue', { end: 'largest', rank: '1' });

/** One probe's readings of one matrix, or of a model's structure, in one normalization. */
class Series {
  constructor(run, model, probe, structure, operator, layer, normalization) {
    Object.assign(this, { run, model, probe, structure, operator, layer, normalization });
    this.frames = [];
    /** Names and tags of what a structure has, by key. */
    this.meters = new Map();
    /** How many readings there had been when the first one of it came. */
    this.since = 0;
  }

  /**
   * Returns the key of a value or spectrum.
   *
   * @param {string} ofMatrix where this is the series of a matrix
   */
  key(name, tags, ofMatrix) {
    if (!this.structure) {
      return ofMatrix;
    }
    const key = structureMeter(name, tags);
    if (this.meters.size < MAX_METERS) {
      this.meters.set(key, { name, tags });
    }
    return key;
  }

  frame(reading, time) {
    const last = this.frames.at(-1);
    if (last !== undefined && reading.iteration < last.iteration) {
      this.frames = [];
    } else if (last !== undefined && reading.iteration === last.iteration) {
      if (last.id === reading.id) {
        return last;
      }
      this.frames.pop();
    }
    if (this.frames.length >= MAX_FRAMES) {
      this.frames = thinned(this.frames);
    }
    if (this.structure) {
      // Only the newest ones are shown.
      this.frames.at(-1)?.spectra.clear();
    }
    const frame = {
      id: reading.id, iteration: reading.iteration, time, values: new Map(), spectra: new Map(),
    };
    this.frames.push(frame);
    return frame;
  }
}

/** Returns about half of the frames: of each two the one with the larger eigenvalue, and the newest. */
function thinned(frames) {
  const kept = [];
  for (let i = 0; i + 1 < frames.length - 1; i += 2) {
    const [a, b] = [frames[i], frames[i + 1]];
    kept.push((b.values.get(LARGEST) ?? -Infinity) > (a.values.get(LARGEST) ?? -Infinity) ? b : a);
  }
  kept.push(frames.at(-1));
  return kept;
}

/** Frames of several probes in one order; what the first of two at one iteration says, holds. */
function merged(all) {
  if (all.length === 1) {
    return all[0].frames;
  }
  const byIteration = new Map();
  for (const frame of all.flatMap((series) => series.frames)) {
    const there = byIteration.get(frame.iteration);
    if (there === undefined) {
      byIteration.set(frame.iteration, {
        ...frame, values: new Map(frame.values), spectra: new Map(frame.spectra),
      });
    } else {
      there.time = Math.max(there.time, frame.time);
      frame.values.forEach((value, key) => there.values.has(key) || there.values.set(key, value));
      frame.spectra.forEach((value, key) => there.spectra.has(key) || there.spectra.set(key, value));
    }
  }
  return [...byIteration.values()].sort((a, b) => a.iteration - b.iteration);
}

export class History {
  constructor() {
    this.clear();
  }

  clear() {
    this.series = new Map();
    this.probes = new Map();
    this.alerts = new Map();
    this.notes = new Map();
    this.times = new Map();
    this.readings = 0;
    this.newest = null;
  }

  /** Takes in a reading as the server sends it. */
  addReading(reading) {
    const time = Date.parse(reading.time);
    this.readings++;
    this.newest = reading;
    const touched = new Map();
    const seriesOf = (name, tags) => {
      const structure = STRUCTURE.has(name);
      const of = [structure, ...(structure ? ['', ''] : [tags.operator ?? '', tags.layer ?? '']), tags.normalization ?? ''];
      const key = JSON.stringify([reading.run, reading.model, reading.probe, ...of]);
      if (!touched.has(key)) {
        const series = this.series.get(key) ?? this.#started(reading, of);
        // The order of a map is that of what was put in last.
        this.series.delete(key);
        this.series.set(key, series);
        touched.set(key, { series, frame: series.frame(reading, time) });
      }
      return touched.get(key);
    };
    for (const { name, tags, value } of reading.measurements) {
      const { series, frame } = seriesOf(name, tags);
      frame.values.set(series.key(name, tags, meter(name, tags)), value);
    }
    for (const { name, tags, order, values, masses } of reading.spectra) {
      const { series, frame } = seriesOf(name, tags);
      frame.spectra.set(series.key(name, tags, name),
          { order, values: Float64Array.from(values), masses: Float64Array.from(masses) });
    }
    trim(this.series, MAX_SERIES);
    this.#addTime(reading.run, time);
    this.#addToProbe(reading, time);
    reading.notes.forEach((note) => this.#addNote(note, reading));
  }

  #started(reading, of) {
    const series = new Series(reading.run, reading.model, reading.probe, ...of);
    series.since = this.readings;
    return series;
  }

  #addTime(run, time) {
    const times = this.times.get(run) ?? [];
    times.push(time);
    times.splice(0, times.length - GAPS - 1);
    this.times.delete(run);
    this.times.set(run, times);
    trim(this.times, MAX_SERIES);
  }

  #addToProbe(reading, time) {
    const probe = this.#probe(reading);
    probe.readings++;
    probe.newest = time;
    probe.iteration = reading.iteration;
    probe.matvecs = reading.matvecs;
    probe.seconds = reading.seconds;
    if (probe.durations.length > 0 && reading.iteration <= probe.durations.at(-1)[0]) {
      probe.durations = probe.durations.filter(([iteration]) => iteration < reading.iteration);
    }
    probe.durations.push([reading.iteration, reading.seconds]);
    if (probe.durations.length > MAX_DURATIONS) {
      probe.durations = probe.durations.filter((_, i) => i % 2 === 1);
    }
  }

  #probe({ run, model, probe }) {
    const key = JSON.stringify([run, model, probe]);
    const made = this.probes.get(key) ?? { run, model, probe, readings: 0, durations: [], event: null };
    this.probes.delete(key);
    this.probes.set(key, made);
    trim(this.probes, MAX_PROBES);
    return made;
  }

  #addNote(text, { run, iteration }) {
    // Notes that differ in numbers alone are one.
    const key = JSON.stringify([run, text.replace(/\d+/g, '#')]);
    const note = this.notes.get(key) ?? { run, first: iteration, times: 0 };
    Object.assign(note, { text, last: iteration, times: note.times + 1 });
    this.notes.set(key, note);
    trim(this.notes, MAX_NOTES);
  }

  /** Takes in how a measurement went. */
  addProbe(event) {
    this.#probe(event).event = event;
  }

  /** Takes in that an alert was raised or resolved. */
  addAlert(alert) {
    const key = JSON.stringify([alert.name, alert.run, alert.model, alert.probe, tagText(alert.tags)]);
    this.alerts.delete(key);
    this.alerts.set(key, alert);
    for (const [state, most] of [['raised', MAX_ACTIVE], ['resolved', MAX_RESOLVED]]) {
      const all = [...this.alerts].filter(([, each]) => each.state === state);
      all.slice(0, Math.max(0, all.length - most)).forEach(([old]) => this.alerts.delete(old));
    }
  }

  /** Returns alerts in a state, the newest first. */
  alertsThatAre(state) {
    return [...this.alerts.values()].filter((alert) => alert.state === state).reverse();
  }

  /** Returns the usual time between two readings of a run, in seconds; NaN when it is not known. */
  usualInterval(run) {
    const times = this.times.get(run) ?? [];
    const gaps = times.slice(1).map((time, i) => (time - times[i]) / 1000).filter((gap) => gap > 0);
    gaps.sort((a, b) => a - b);
    return gaps.length === 0 ? NaN : gaps[gaps.length >> 1];
  }

  /** Returns when the newest reading of a run was taken, in milliseconds; NaN when there is none. */
  newestTime(run) {
    return this.times.get(run)?.at(-1) ?? NaN;
  }

  /** Returns the series of a selection, in the order of their first readings. */
  seriesOf(selection = {}) {
    return [...this.series.values()]
        .filter((series) => Object.entries(selection)
            .every(([key, value]) => value === undefined || series[key] === value))
        .sort((a, b) => a.since - b.since);
  }

  /** Returns frames and meters of a model's structure in one normalization. */
  structure(selection) {
    const all = this.seriesOf({ ...selection, structure: true });
    return {
      frames: all.length === 0 ? [] : merged(all),
      meters: new Map(all.flatMap((series) => [...series.meters])),
    };
  }

  /** Returns the frames of a matrix in one normalization, of one probe or of all, by iteration. */
  frames(selection) {
    const all = this.seriesOf({ ...selection, structure: false });
    return all.length === 0 ? [] : merged(all);
  }
}

/** Returns tags in words, the same for the same tags. */
export function tagText(tags = {}) {
  return Object.keys(tags).sort().map((tag) => `${tag} ${tags[tag]}`).join(', ');
}

function trim(map, most) {
  while (map.size > most) {
    map.delete(map.keys().next().value);
  }
}
