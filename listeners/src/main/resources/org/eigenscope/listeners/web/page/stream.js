// The server's events, and whether the server is there.

const RETRY_MILLIS = [2000, 5000, 10000, 30000];
const SILENCE_MILLIS = 15000;
const WATCH_MILLIS = 1000;

/**
 * Listens to events for as long as the page is open. EventSource comes back by itself after a broken
 * connection, but not after a refusal: then a new one is made, later each time.
 */
export class Stream {
  /**
   * @param {string} address of the events
   * @param {object} listeners by the event's name, called with its data and with whether it is the first
   *     one of a connection on which the server sends all it keeps
   * @param {function(): void} onState called when {@link #lostSince} has changed
   */
  constructor(address, listeners, onState) {
    Object.assign(this, { address, listeners, onState });
    this.refusals = 0;
    this.heard = performance.now();
    this.heardAt = Date.now();
    this.serverTime = Date.now();
    /** When the connection was lost, in milliseconds of this machine's clock; null when it is there. */
    this.lostSince = null;
    this.connected = false;
    this.#open();
    setInterval(() => this.#watch(), WATCH_MILLIS);
  }

  #open() {
    const source = new EventSource(this.address);
    let isFirst = true;
    for (const [name, listener] of Object.entries(this.listeners)) {
      source.addEventListener(name, (event) => {
        const data = JSON.parse(event.data);
        this.#hear(data.now);
        listener(data, isFirst);
        isFirst = false;
      });
    }
    source.onerror = () => {
      this.#lose();
      if (source.readyState === EventSource.CLOSED) {
        const wait = RETRY_MILLIS[Math.min(this.refusals++, RETRY_MILLIS.length - 1)];
        setTimeout(() => this.#open(), wait);
      }
    };
  }

  #hear(now) {
    this.heard = performance.now();
    this.heardAt = Date.now();
    this.refusals = 0;
    if (now !== undefined) {
      this.serverTime = Date.parse(now);
      this.serverTimeAt = this.heard;
    }
    if (!this.connected || this.lostSince !== null) {
      this.connected = true;
      this.lostSince = null;
      this.onState();
    }
  }

  #lose() {
    if (this.lostSince === null) {
      this.lostSince = this.heardAt;
      this.onState();
    }
  }

  /** A connection that says nothing, not even a beat, is none. */
  #watch() {
    if (this.connected && performance.now() - this.heard > SILENCE_MILLIS) {
      this.#lose();
    }
  }

  /** Returns the time of the server's clock, in milliseconds. */
  now() {
    return this.serverTime + performance.now() - (this.serverTimeAt ?? performance.now());
  }
}
