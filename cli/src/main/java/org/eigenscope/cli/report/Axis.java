package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.List;

/** Where values lie along a side of a chart, and the ticks on it. */
final class Axis {
  private static final int TICKS = 4;

  /** Keeps lengths of ranges finite. */
  private static final double GREATEST = 1e300;

  /** Of a logarithmic axis, at either end, as a part of its length. */
  private static final double MARGIN = 0.04;

  /** Shorter logarithmic axes, in decades, have ticks between the powers of ten. */
  private static final double FEW_DECADES = 2.2;

  private enum Scale {
    LINEAR,
    LOGARITHMIC,
    SIGNED_LOGARITHMIC
  }

  /**
   * A mark on an axis.
   *
   * @param place from 0, the axis's beginning, to 1
   * @param label the value there
   */
  record Tick(double place, String label) {}

  private final String title;
  private final Scale scale;

  /** Ends, in decimal logarithms where the scale is logarithmic. */
  private final double low;

  private final double high;

  /** Of a signed axis: the decade at its middle. */
  private final int exponent;

  private final List<Tick> ticks;

  private Axis(String title, Scale scale, double low, double high, int exponent, List<Tick> ticks) {
    this.title = title;
    this.scale = scale;
    this.low = low;
    this.high = high;
    this.exponent = exponent;
    this.ticks = List.copyOf(ticks);
  }

  /** Returns a linear axis that holds a range and ends at ticks. */
  static Axis linear(String title, double low, double high) {
    double from = Math.max(-GREATEST, Math.min(GREATEST, low));
    double to = Math.max(-GREATEST, Math.min(GREATEST, high));
    double size = Math.max(Math.abs(from), Math.abs(to));
    if (to - from <= 1e-9 * size) {
      double extra = size == 0 ? 1 : size / 20;
      from -= extra;
      to += extra;
    }
    return endingAtTicks(title, from, to, step(to - from));
  }

  /** Returns a linear axis of things that are counted: with whole ticks. */
  static Axis counting(String title, double low, double high) {
    double to = Math.max(low + 1, high);
    return endingAtTicks(title, low, to, Math.max(1, step(to - low)));
  }

  /** Returns a linear axis of iterations, or of other whole numbers, that ends where they do. */
  static Axis whole(String title, double low, double high) {
    double extra = high > low ? 0 : 1;
    double step = Math.max(1, step(high - low + 2 * extra));
    return linear(title, low - extra, high + extra, step);
  }

  private static Axis endingAtTicks(String title, double low, double high, double step) {
    double first = Math.floor(low / step + 1e-9);
    double last = Math.ceil(high / step - 1e-9);
    return linear(title, first * step, last * step, step);
  }

  private static Axis linear(String title, double low, double high, double step) {
    List<Tick> ticks = new ArrayList<>();
    long last = (long) Math.floor(high / step + 1e-9);
    for (long i = (long) Math.ceil(low / step - 1e-9); i <= last; i++) {
      ticks.add(new Tick((i * step - low) / (high - low), Numbers.tick(i * step)));
    }
    return new Axis(title, Scale.LINEAR, low, high, 0, ticks);
  }

  /** Returns 1, 2 or 5 times a power of ten, so that there are about as many ticks as wanted. */
  private static double step(double length) {
    double rough = length / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double digit = rough / power;
    return power
        * (digit < Math.sqrt(2) ? 1 : digit < Math.sqrt(10) ? 2 : digit < Math.sqrt(50) ? 5 : 10);
  }

  /**
   * Returns a logarithmic axis.
   *
   * @param low at least this, &gt; 0
   */
  static Axis logarithmic(String title, double low, double high) {
    double from = Math.log10(low);
    double to = Math.log10(Math.max(low, high));
    double extra = Math.max(MARGIN * (to - from), 0.02);
    from -= extra;
    to += extra;
    int every = (int) Math.ceil((to - from) / (2 * TICKS + 2));
    List<Tick> ticks = new ArrayList<>();
    for (int e = (int) Math.floor(from); e <= to; e++) {
      for (int digit : to - from < FEW_DECADES ? new int[] {1, 2, 5} : new int[] {1}) {
        double at = e + Math.log10(digit);
        if (at >= from && at <= to && Math.floorMod(e, every) == 0) {
          String label = digit == 1 ? Numbers.powerOfTen(e) : Numbers.tick(digit * Math.pow(10, e));
          ticks.add(new Tick((at - from) / (to - from), label));
        }
      }
    }
    return new Axis(title, Scale.LOGARITHMIC, from, to, 0, ticks);
  }

  /**
   * Returns an axis that is logarithmic to both sides of zero. All that is closer to zero than
   * 10^exponent lies at one place.
   *
   * @param negative decades on the negative side, at least 0
   * @param positive decades on the positive side, at least 0; not both 0
   */
  static Axis signedLogarithmic(String title, int exponent, int negative, int positive) {
    List<Tick> ticks = new ArrayList<>();
    for (int decade = -negative; decade <= positive; decade++) {
      String sign = decade == 0 ? "±" : decade < 0 ? "\u2212" : "";
      ticks.add(
          new Tick(
              (double) (decade + negative) / (negative + positive),
              sign + Numbers.powerOfTen(Math.abs(decade) + exponent)));
    }
    return new Axis(title, Scale.SIGNED_LOGARITHMIC, -negative, positive, exponent, ticks);
  }

  /** Returns where a value lies, 0 to 1; what is beyond an end lies there. NaN for NaN. */
  double place(double value) {
    double at =
        switch (scale) {
          case LINEAR -> value;
          case LOGARITHMIC -> value <= 0 ? low : Math.log10(value);
          case SIGNED_LOGARITHMIC ->
              Math.signum(value) * Math.max(0, Math.log10(Math.abs(value)) - exponent);
        };
    return Math.max(0, Math.min(1, (at - low) / (high - low)));
  }

  List<Tick> ticks() {
    return ticks;
  }

  String title() {
    return title;
  }

  /** Returns what the axis shows, as a part of a sentence. */
  String description() {
    String kind =
        switch (scale) {
          case LINEAR -> "linear, %s to %s".formatted(Numbers.text(low), Numbers.text(high));
          case LOGARITHMIC ->
              "logarithmic, %s to %s"
                  .formatted(Numbers.text(Math.pow(10, low)), Numbers.text(Math.pow(10, high)));
          case SIGNED_LOGARITHMIC ->
              "logarithmic to both sides of zero, %s to %s"
                  .formatted(ticks.get(0).label(), ticks.get(ticks.size() - 1).label());
        };
    return title + ", " + kind;
  }
}
