// Spectra on an axis that is logarithmic to both sides of zero.

import { powerOfTen } from './numbers.js';

/** Cells of a density in a decade. */
export const CELLS = 24;

/**
 * Widths of the kernel, in decades: half of what lies between neighbouring nodes of a quadrature, within
 * these bounds. Nothing finer is real.
 */
export const NARROWEST = 0.1;
export const WIDEST = 0.5;

/** What is drawn of eigenvalues per decade. */
export const LEAST = 0.1;

/** Decades on each side of zero below the largest magnitude. */
const DECADES = 3;
const MAX_DECADES = 7;

/** Room for the kernel of the outermost eigenvalue, in decades. */
const MARGIN = 0.2;

/** The kernel is nothing beyond so many of its widths. */
const REACH = 4;

/**
 * Places on the axis count decades: 1 is ten times as far from zero as the middle tells apart, and 0
 * is all that is nearer to zero than that.
 */
export class SpectrumAxis {
  constructor(exponent, negative, positive) {
    Object.assign(this, { exponent, negative, positive });
    this.key = `${exponent} ${negative} ${positive}`;
    this.cells = CELLS * (negative + positive);
  }

  /** Returns the axis that fits spectra. */
  static of(spectra) {
    let [lower, upper, least, most] = [0, 0, Infinity, 0];
    for (const { values } of spectra) {
      if (values.length > 0) {
        const [low, high] = [values[0], values[values.length - 1]];
        lower = Math.min(lower, low);
        upper = Math.max(upper, high);
        const magnitude = Math.max(-low, high);
        if (magnitude > 0) {
          least = Math.min(least, magnitude);
          most = Math.max(most, magnitude);
        }
      }
    }
    // Matrices of zeros have no scale of their own.
    const [bottom, top] = most > 0 ? [decade(least), decade(most)] : [0, 0];
    const exponent = Math.max(bottom - DECADES, top - MAX_DECADES);
    const side = (end) => (end > 0 ? Math.max(1, decade(end) - exponent) : 1);
    return new SpectrumAxis(exponent, side(-lower), side(upper));
  }

  /** Returns where an eigenvalue is. */
  place(value) {
    const decades = Math.log10(Math.abs(value)) - this.exponent;
    return decades <= 0 ? 0 : Math.sign(value) * decades;
  }

  /** Returns the eigenvalue at a place. */
  value(place) {
    return Math.sign(place) * 10 ** (this.exponent + Math.abs(place));
  }

  /** Returns the middle of a cell. */
  middle(cell) {
    return (cell + 0.5) / CELLS - this.negative;
  }

  /** Returns ticks of whole decades. */
  ticks() {
    const ticks = [];
    for (let place = -this.negative; place <= this.positive; place++) {
      const power = powerOfTen(this.exponent + Math.abs(place));
      ticks.push({ at: place, text: `${place < 0 ? '\u2212' : place === 0 ? '±' : ''}${power}` });
    }
    return ticks;
  }

  /** Returns the share of eigenvalues in the middle. */
  within(spectrum) {
    const edge = 10 ** this.exponent;
    let share = 0;
    spectrum.values.forEach((value, i) => {
      share += Math.abs(value) < edge ? spectrum.masses[i] : 0;
    });
    return share;
  }

  /** Returns eigenvalues per decade and their logarithms, null where there are too few to be drawn. */
  drawable(spectrum) {
    const values = Array.from(this.perDecade(spectrum), (value) => (value >= LEAST ? value : null));
    return { values, y: values.map((value) => (value === null ? null : Math.log10(value))) };
  }

  /** Returns eigenvalues per decade in each cell, the most negative first. */
  perDecade(spectrum) {
    if (spectrum.perDecadeOn === this.key) {
      return spectrum.perDecade;
    }
    const cells = new Float32Array(this.cells);
    const zero = CELLS * this.negative;
    const { values, masses, order } = spectrum;
    values.forEach((value, i) => {
      const decades = Math.log10(Math.abs(value)) - this.exponent;
      const width = kernelWidth(values, i);
      const from = Math.max(0, Math.floor((decades - REACH * width) * CELLS));
      const room = CELLS * (value < 0 ? this.negative : this.positive);
      const to = Math.min(room - 1, Math.ceil((decades + REACH * width) * CELLS));
      const height = (order * masses[i]) / (width * Math.sqrt(2 * Math.PI));
      for (let j = from; j <= to; j++) {
        const distance = ((j + 0.5) / CELLS - decades) / width;
        cells[value < 0 ? zero - 1 - j : zero + j] += height * Math.exp(-0.5 * distance * distance);
      }
    });
    spectrum.perDecade = cells;
    spectrum.perDecadeOn = this.key;
    return cells;
  }

  /** Returns shares of coarse cells, some in a decade, the most negative first; without the middle. */
  shares(spectrum, inDecade) {
    const shares = new Float64Array(inDecade * (this.negative + this.positive));
    const zero = inDecade * this.negative;
    spectrum.values.forEach((value, i) => {
      const decades = Math.log10(Math.abs(value)) - this.exponent;
      if (decades >= 0) {
        const cell = Math.floor(decades * inDecade);
        const place = value < 0 ? zero - 1 - cell : zero + cell;
        shares[Math.max(0, Math.min(shares.length - 1, place))] += spectrum.masses[i];
      }
    });
    return shares;
  }
}

/** Returns half of the mean distance, in decades, to the neighbours of the same sign, within bounds. */
function kernelWidth(values, i) {
  const gaps = [i - 1, i + 1]
      .filter((j) => j >= 0 && j < values.length && values[j] * values[i] > 0)
      .map((j) => Math.abs(Math.log10(values[j] / values[i])));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length);
  return Math.max(NARROWEST, Math.min(WIDEST, mean / 2));
}

/** Returns the decade that a magnitude, and most of its kernel, end in. */
function decade(magnitude) {
  return Math.ceil(Math.log10(Math.max(magnitude, Number.MIN_VALUE)) + MARGIN);
}

/** Returns the largest value of lines of densities, for an axis of two decades at least. */
export function largestDensity(lines) {
  return lines.flatMap((line) => line.values).reduce((most, value) => Math.max(most, value ?? 0), 10);
}

/**
 * Paints columns of cells, one for each frame, with colours for logarithmic amounts.
 *
 * @param {Float32Array[]} columns as many cells each
 * @param {number} most amount, of the last colour
 * @param {number[][]} colours red, green, blue, from the least to the most
 * @returns {HTMLCanvasElement} one pixel for each cell, the first one at the bottom
 */
export function painted(columns, most, colours) {
  const [width, height] = [columns.length, columns[0].length];
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  const decades = Math.log(Math.max(most / LEAST, 1.001));
  for (let x = 0; x < width; x++) {
    const column = columns[x];
    for (let y = 0; y < height; y++) {
      if (column[y] >= LEAST) {
        const level = Math.min(1, Math.log(column[y] / LEAST) / decades) * (colours.length - 1);
        const low = Math.min(colours.length - 2, Math.floor(level));
        const at = 4 * ((height - 1 - y) * width + x);
        for (let c = 0; c < 3; c++) {
          image.data[at + c] = colours[low][c] + (level - low) * (colours[low + 1][c] - colours[low][c]);
        }
        image.data[at + 3] = 255;
      }
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
