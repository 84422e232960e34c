package org.eigenscope.listeners.alerts;

/**
 * Whether a condition holds.
 *
 * @param subject what it is about
 * @param holds whether it holds
 * @param value what was compared; as it was when it last held, if it doesn't
 * @param limit what the value was compared with
 * @param text the finding in words, without run and model
 */
record Finding(Subject subject, boolean holds, double value, double limit, String text) {

  /** Returns that a condition doesn't hold. */
  static Finding over(Subject subject) {
    return new Finding(subject, false, Double.NaN, Double.NaN, "");
  }
}
