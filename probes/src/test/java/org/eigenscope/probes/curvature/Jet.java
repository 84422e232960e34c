package org.eigenscope.probes.curvature;

import java.util.function.DoubleUnaryOperator;

/**
 * A number with its exact first and second derivatives with respect to n coordinates, by the rules
 * of calculus: what dense Hessians in tests are checked against.
 */
final class Jet {
  final double value;
  final double[] first;
  final double[] second;

  private Jet(double value, double[] first, double[] second) {
    this.value = value;
    this.first = first;
    this.second = second;
  }

  static Jet constant(double value, int n) {
    return new Jet(value, new double[n], new double[n * n]);
  }

  static Jet variable(double value, int index, int n) {
    Jet jet = constant(value, n);
    jet.first[index] = 1;
    return jet;
  }

  Jet plus(Jet other) {
    return combine(1, other, 1);
  }

  Jet minus(Jet other) {
    return combine(1, other, -1);
  }

  private Jet combine(double a, Jet other, double b) {
    Jet sum = constant(a * value + b * other.value, first.length);
    for (int i = 0; i < first.length; i++) {
      sum.first[i] = a * first[i] + b * other.first[i];
    }
    for (int i = 0; i < second.length; i++) {
      sum.second[i] = a * second[i] + b * other.second[i];
    }
    return sum;
  }

  Jet plus(double constant) {
    return new Jet(value + constant, first, second);
  }

  Jet times(double factor) {
    return combine(factor, this, 0);
  }

  Jet times(Jet other) {
    int n = first.length;
    Jet product = constant(value * other.value, n);
    for (int i = 0; i < n; i++) {
      product.first[i] = value * other.first[i] + other.value * first[i];
    }
    for (int i = 0; i < n; i++) {
      double a = first[i];
      double b = other.first[i];
      for (int j = 0; j < n; j++) {
        int at = i * n + j;
        product.second[at] =
            value * other.second[at] + other.value * second[at] + a * other.first[j] + b * first[j];
      }
    }
    return product;
  }

  /** Returns f of this, given the first and second derivative of f here. */
  private Jet apply(double f, double df, double ddf) {
    int n = first.length;
    Jet result = constant(f, n);
    for (int i = 0; i < n; i++) {
      result.first[i] = df * first[i];
      for (int j = 0; j < n; j++) {
        int at = i * n + j;
        result.second[at] = df * second[at] + ddf * first[i] * first[j];
      }
    }
    return result;
  }

  Jet exp() {
    double e = Math.exp(value);
    return apply(e, e, e);
  }

  Jet log() {
    return apply(Math.log(value), 1 / value, -1 / (value * value));
  }

  Jet power(double exponent) {
    DoubleUnaryOperator power = e -> Math.pow(value, e);
    return apply(
        power.applyAsDouble(exponent),
        exponent * power.applyAsDouble(exponent - 1),
        exponent * (exponent - 1) * power.applyAsDouble(exponent - 2));
  }

  Jet tanh() {
    double t = Math.tanh(value);
    return apply(t, 1 - t * t, -2 * t * (1 - t * t));
  }

  Jet sigmoid() {
    double s = 1 / (1 + Math.exp(-value));
    return apply(s, s * (1 - s), s * (1 - s) * (1 - 2 * s));
  }

  Jet softplus() {
    double s = 1 / (1 + Math.exp(-value));
    return apply(Math.log1p(Math.exp(value)), s, s * (1 - s));
  }

  /** Returns max(0, x), with derivative 0 at 0. */
  Jet relu() {
    return value > 0 ? this : times(0);
  }

  Jet over(Jet other) {
    return times(other.power(-1));
  }
}
