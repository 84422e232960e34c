// One figure: a chart by uPlot with a cursor for mouse and keyboard, a legend, and its numbers as a table.

import { drawn, element, fillTable, setText } from './dom.js';
import { text, UNKNOWN } from './numbers.js';

/* global uPlot */

const HEIGHT = 210;
const TABLE_ROWS = 12;
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** Width of a digit of that font, in pixels. */
const LETTER = 6.8;

const PAGE_STEP = 10;
const KEYS = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowDown: (at) => at - 1,
  ArrowUp: (at) => at + 1,
  PageDown: (at) => at - PAGE_STEP,
  PageUp: (at) => at + PAGE_STEP,
  Home: () => 0,
  End: () => Infinity,
};

let styles = getComputedStyle(document.documentElement);
const cache = new Map();

/** Returns a colour of the style sheet, which depends on light and dark. */
export function colour(name) {
  if (!cache.has(name)) {
    cache.set(name, styles.getPropertyValue(`--${name}`).trim());
  }
  return cache.get(name);
}

/** Returns red, green and blue of a colour of the style sheet. */
export function rgb(name) {
  const hex = colour(name).slice(1);
  return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** Takes the colours anew. */
export function forgetColours() {
  cache.clear();
  styles = getComputedStyle(document.documentElement);
}

/**
 * What a plot shows.
 *
 * @typedef {object} Content
 * @property {number[]} x ascending places
 * @property {Line[]} lines
 * @property {[number, number]} xRange
 * @property {[number, number]} yRange
 * @property {Tick[]} xTicks
 * @property {Tick[]} yTicks
 * @property {{at: number, text: string}[]} [levels] marked by lines across
 * @property {{at: number, text: string}[]} [places] marked by lines up
 * @property {{at: number, low: number, high: number, row: number}[]} [markers] small triangles at the top;
 *     those with a row below each other, without a stem
 * @property {function(uPlot): void} [paint] draws below the lines
 * @property {function(number): string} say what is at a place of x
 * @property {string} [title] in place of the plot's
 * @property {string} [unit] said after the title
 * @property {string} [explanation]
 * @property {function(): Node} [key] what comes first in the legend
 * @property {function(): {columns: string[], rows: string[][]}} [table] in place of the lines' values
 */

/** A figure, of which there is one for all time; its content changes. */
export class Plot {
  /**
   * @param {string} title
   * @param {object} [options] `height`; `sync`, a key of plots with the same x whose cursors move
   *     together; `xTitle`; `onCursor`, called with a place of x or null
   */
  constructor(title, options = {}) {
    this.title = title;
    this.options = { height: HEIGHT, xTitle: 'iteration', ...options };
    this.name = element('span', { text: title });
    this.unit = element('small');
    this.holder = element('div', {
      class: 'plot', tabindex: '0', role: 'slider', 'aria-label': title, 'aria-valuemin': '0',
      'aria-orientation': 'horizontal',
    });
    this.readout = element('p', { class: 'readout' });
    this.legend = element('ul', { class: 'legend', 'aria-hidden': 'true' });
    this.explanation = element('p', { class: 'explanation' });
    this.table = element('table');
    this.details = element('details', {},
        element('summary', { text: 'Numbers' }),
        element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${title}, numbers` }, this.table));
    this.figure = element('figure', {},
        element('figcaption', {}, this.name, ' ', this.unit),
        this.holder, this.readout, this.legend, this.explanation, this.details);
    this.details.addEventListener('toggle', () => this.#fillTable());
    this.holder.addEventListener('keydown', (event) => this.#key(event));
    this.holder.addEventListener('blur', () => this.#leave());
    this.at = null;
    this.content = null;
    this.size = new ResizeObserver(() => this.#resize());
    this.size.observe(this.holder);
  }

  /** Shows content; hides the figure when there is none. */
  show(content) {
    this.figure.hidden = content === null;
    this.content = content;
    if (content === null) {
      this.chart?.destroy();
      this.chart = undefined;
      return;
    }
    const data = [content.x, ...content.lines.map((line) => line.y)];
    const shape = JSON.stringify(content.lines.map((line) => [line.dash, line.width, line.kind, line.dots]));
    if (this.chart === undefined || shape !== this.shape) {
      this.chart?.destroy();
      this.shape = shape;
      this.chart = this.#make(data);
    } else {
      this.chart.setData(data);
    }
    const title = content.title ?? this.title;
    setText(this.name, title);
    this.holder.setAttribute('aria-label', title);
    setText(this.unit, content.unit ?? '');
    setText(this.explanation, content.explanation ?? '');
    this.explanation.hidden = !content.explanation;
    this.#fillLegend();
    this.#say();
    if (this.details.open) {
      this.#fillTable();
    }
  }

  /** Draws it again, in other colours. */
  redraw() {
    if (this.chart !== undefined) {
      this.chart.redraw();
      this.#fillLegend();
    }
  }

  #width() {
    return Math.max(200, Math.floor(this.holder.clientWidth));
  }

  #resize() {
    if (this.chart !== undefined && this.holder.clientWidth > 0 && this.chart.width !== this.#width()) {
      this.chart.setSize({ width: this.#width(), height: this.options.height });
    }
  }

  #make(data) {
    const line = (i) => this.content.lines[i - 1];
    const axis = (scale, ticks) => ({
      scale,
      font: FONT,
      stroke: () => colour('quiet'),
      grid: { stroke: () => colour('grid'), width: 1 },
      ticks: { show: false },
      border: { show: scale === 'x', stroke: () => colour('rule'), width: 1 },
      gap: 6,
      size: scale === 'x' ? 26 : (chart, values) => 14 + this.#textWidth(values),
      splits: () => ticks().map((tick) => tick.at),
      values: (chart, splits) => this.#fitting(chart, scale, ticks(), splits),
    });
    const chart = new uPlot({
      width: this.#width(),
      height: this.options.height,
      padding: [10, () => this.#half(this.content.xTicks.at(-1)), 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { size: 6, stroke: (u, i) => colour(line(i).colour), fill: () => colour('page') },
        sync: this.options.sync ? { key: this.options.sync, scales: ['x', null] } : undefined,
      },
      scales: {
        x: { time: false, range: () => this.content.xRange },
        y: { range: () => this.content.yRange },
      },
      axes: [axis('x', () => this.content.xTicks), axis('y', () => this.content.yTicks)],
      series: [{}, ...this.content.lines.map((each, i) => ({
        stroke: () => colour(line(i + 1).colour),
        fill: each.kind === 'area' || each.kind === 'steps' ? () => `${colour(line(i + 1).colour)}2e` : undefined,
        fillTo: () => this.content.yRange[0],
        width: each.width ?? 1.6,
        dash: each.dash,
        spanGaps: each.kind === undefined,
        paths: each.kind === 'steps' ? uPlot.paths.stepped({ align: 1 }) : undefined,
        points: { show: each.dots ?? false, size: 4.5, width: 0, fill: () => colour(line(i + 1).colour) },
      }))],
      hooks: {
        drawAxes: [(u) => this.#below(u)],
        draw: [(u) => this.#above(u)],
        setCursor: [(u) => this.#moved(u.cursor.idx)],
      },
    }, data, this.holder);
    return chart;
  }

  #textWidth(values) {
    return Math.max(0, ...(values ?? []).map((value) => LETTER * String(value ?? '').length));
  }

  /** Returns half the width of a tick's label, which the last one needs beside the chart. */
  #half(tick) {
    return Math.max(12, (LETTER / 2) * (tick?.text.length ?? 0));
  }

  /** Leaves out labels that would touch. */
  #fitting(chart, scale, ticks, splits) {
    let last = -Infinity;
    const least = scale === 'x' ? 8 : 13;
    return splits.map((at) => {
      const tick = ticks.find((each) => each.at === at);
      const place = Math.abs(chart.valToPos(at, scale) - (scale === 'x' ? 0 : chart.bbox.height / uPlot.pxRatio));
      const half = scale === 'x' ? (LETTER / 2) * tick.text.length : 0;
      if (!Number.isFinite(place) || place - half - last < least) {
        return '';
      }
      last = place + half;
      return tick.text;
    });
  }

  #below(u) {
    const { ctx } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    this.content.paint?.(u);
    for (const line of this.content.lines) {
      if (line.low) {
        this.#band(u, line);
      }
    }
    ctx.restore();
  }

  /** Draws how far values may be wrong, in pieces between those that do not say. */
  #band(u, line) {
    const { ctx } = u;
    const x = (i) => u.valToPos(this.content.x[i], 'x', true);
    const y = (value) => u.valToPos(value, 'y', true);
    ctx.globalAlpha = 0.2;
    ctx.fillStyle = colour(line.colour);
    let run = [];
    const close = () => {
      if (run.length > 0) {
        ctx.beginPath();
        run.forEach((i) => ctx.lineTo(x(i), y(line.high[i])));
        run.reverse().forEach((i) => ctx.lineTo(x(i), y(line.low[i])));
        ctx.fill();
        if (run.length === 1) {
          ctx.fillRect(x(run[0]) - 1.5 * uPlot.pxRatio, y(line.high[run[0]]),
              3 * uPlot.pxRatio, y(line.low[run[0]]) - y(line.high[run[0]]));
        }
      }
      run = [];
    };
    this.content.x.forEach((_, i) => {
      if (line.y[i] !== null && line.y[i] !== undefined) {
        if (line.low[i] === null) {
          close();
        } else {
          run.push(i);
        }
      }
    });
    close();
    ctx.globalAlpha = 1;
  }

  #above(u) {
    const { ctx } = u;
    const { left, top, width, height } = u.bbox;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.lineWidth = ratio;
    ctx.font = FONT.replace('12px', `${12 * ratio}px`);
    const label = (words, x, y, align, base) => {
      ctx.textAlign = align;
      ctx.textBaseline = base;
      ctx.lineJoin = 'round';
      ctx.lineWidth = 3 * ratio;
      ctx.strokeStyle = colour('page');
      ctx.strokeText(words, x, y);
      ctx.fillText(words, x, y);
      ctx.lineWidth = ratio;
    };
    for (const level of this.content.levels ?? []) {
      const y = Math.round(u.valToPos(level.at, 'y', true)) + 0.5;
      ctx.strokeStyle = ctx.fillStyle = colour(level.colour ?? 'quiet');
      ctx.setLineDash([6 * ratio, 4 * ratio]);
      line(ctx, left, y, left + width, y);
      const below = y - top < 18 * ratio;
      ctx.setLineDash([]);
      label(level.text, left + 4 * ratio, y + (below ? 3 : -3) * ratio, 'left', below ? 'top' : 'bottom');
    }
    for (const place of this.content.places ?? []) {
      const x = Math.round(u.valToPos(place.at, 'x', true)) + 0.5;
      ctx.strokeStyle = ctx.fillStyle = colour(place.colour ?? 'quiet');
      ctx.setLineDash([6 * ratio, 4 * ratio]);
      line(ctx, x, top, x, top + height);
      ctx.setLineDash([]);
      const right = x > left + 0.72 * width;
      label(place.text, x + (right ? -4 : 4) * ratio, top + height - 4 * ratio, right ? 'right' : 'left', 'bottom');
    }
    for (const marker of this.content.markers ?? []) {
      const x = u.valToPos(marker.at, 'x', true);
      const [low, high] = [u.valToPos(marker.low, 'x', true), u.valToPos(marker.high, 'x', true)];
      ctx.strokeStyle = ctx.fillStyle = colour(marker.colour);
      if (marker.row !== undefined) {
        triangle(ctx, x, top + (1 + 9 * marker.row) * ratio, 3.5 * ratio, 7 * ratio);
        continue;
      }
      if (high - low > 2 * ratio) {
        line(ctx, low, top + 9 * ratio, high, top + 9 * ratio);
      }
      line(ctx, x, top + 9 * ratio, x, top + 16 * ratio);
      triangle(ctx, x, top, 4 * ratio, 9 * ratio);
    }
    ctx.restore();
  }

  #moved(index) {
    this.at = index ?? null;
    this.#say();
    this.options.onCursor?.(this.at);
  }

  #key(event) {
    const step = KEYS[event.key];
    if (event.key === 'Escape') {
      this.#leave();
    } else if (step !== undefined && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      const known = this.#known();
      const from = this.at === null ? known.length : nearest(known, this.at);
      const to = known[Math.max(0, Math.min(known.length - 1, step(from)))];
      if (to !== undefined) {
        this.#point(this.chart.valToPos(this.content.x[to], 'x'));
      }
    }
  }

  /** Sets the cursor, here and in the figures that move together; below 0 takes it away. */
  #point(left) {
    this.chart?.setCursor({ left, top: left < 0 ? -1 : 10 }, true, true);
  }

  /** Returns the places of x where there is something. */
  #known() {
    const known = [];
    this.content.x.forEach((_, i) => {
      if (this.content.lines.length === 0 || this.content.lines.some((line) => isThere(line.y[i]))) {
        known.push(i);
      }
    });
    return known;
  }

  #leave() {
    if (this.at !== null) {
      this.#point(-1);
    }
  }

  #say() {
    const { content } = this;
    if (content !== null) {
      const known = this.#known();
      const at = this.at !== null && this.at < content.x.length ? this.at : known.at(-1);
      const words = at === undefined ? '' : content.say(at, this.at !== null);
      setText(this.readout, words);
      this.holder.setAttribute('aria-valuemax', Math.max(0, content.x.length - 1));
      this.holder.setAttribute('aria-valuenow', at ?? 0);
      this.holder.setAttribute('aria-valuetext', words);
    }
  }

  #fillLegend() {
    const { lines, key } = this.content;
    const named = lines.filter((line) => line.label);
    const items = [...(key ? [key()] : []), ...(key || named.length > 1 ? named : []).map((line) =>
      element('li', {}, keyOf(line), element('span', { text: line.label })))];
    this.legend.hidden = items.length === 0;
    this.legend.replaceChildren(...items);
  }

  #fillTable() {
    if (this.details.open && this.content !== null) {
      const { columns, rows } = this.content.table?.() ?? this.#values();
      fillTable(this.table, this.title, columns, rows);
    }
  }

  #values() {
    const { content } = this;
    const named = content.lines.filter((line) => line.label);
    const known = this.#known();
    const columns = [this.options.xTitle, ...named.map((line) => line.label)];
    const rows = evenly(known, TABLE_ROWS).reverse().map((i) => [
      text(content.x[i], 9),
      ...named.map((line) => valueAt(line, i)),
    ]);
    return { columns, rows };
  }
}

/** Returns a piece of a line, for a legend. */
export function keyOf(line) {
  return drawn('svg', { viewBox: '0 0 26 10', class: 'key', 'aria-hidden': 'true' },
      drawn('line', {
        x1: 0, y1: 5, x2: 26, y2: 5, stroke: colour(line.colour), 'stroke-width': 2,
        'stroke-dasharray': (line.dash ?? []).join(' '),
      }));
}

function line(ctx, fromX, fromY, toX, toY) {
  ctx.beginPath();
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}

function triangle(ctx, x, top, half, height) {
  ctx.beginPath();
  ctx.moveTo(x - half, top);
  ctx.lineTo(x + half, top);
  ctx.lineTo(x, top + height);
  ctx.fill();
}

function isThere(value) {
  return value !== null && value !== undefined;
}

function nearest(sorted, value) {
  let best = 0;
  sorted.forEach((each, i) => {
    best = Math.abs(each - value) < Math.abs(sorted[best] - value) ? i : best;
  });
  return best;
}

/** Returns up to `most` elements, evenly spread, the first and the last among them. */
export function evenly(all, most) {
  return all.length <= most
    ? [...all]
    : Array.from({ length: most }, (_, i) => all[Math.floor((i * (all.length - 1)) / (most - 1))]);
}

/** Returns the value of a line with its doubt. */
export function valueAt(line, i) {
  if (!isThere(line.y[i])) {
    return UNKNOWN;
  }
  const value = text(line.values[i]);
  return line.doubts && Number.isFinite(line.doubts[i]) ? `${value} ± ${text(line.doubts[i], 2)}` : value;
}
