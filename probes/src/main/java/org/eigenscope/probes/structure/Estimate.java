package org.eigenscope.probes.structure;

/**
 * A number with its doubt.
 *
 * @param value the number; NaN where it has no meaning
 * @param standardError standard deviation of the value over random draws; 0 where nothing was drawn
 */
public record Estimate(double value, double standardError) {

  static Estimate exact(double value) {
    return new Estimate(value, 0);
  }
}
