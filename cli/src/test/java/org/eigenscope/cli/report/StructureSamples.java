package org.eigenscope.cli.report;

import static org.eigenscope.cli.report.Sample.ORDER;

import java.util.Arrays;
import java.util.List;

/** Readings as the structure probes give them, for tests. */
final class StructureSamples {
  static final String PREFIX = "eigenscope.structure.";

  private static final List<String> MATRICES = List.of("hessian", "gauss-newton", "residual");

  private StructureSamples() {}

  /** Returns classes of different sizes: two class means, which have half of the trace. */
  static Sample classes(int iteration, double scale) {
    Sample sample = Sample.empty(iteration).probe("classes").tag("operator", "gauss-newton");
    String trace = PREFIX + "class.trace";
    sample
        .with(trace, 10 * scale, "component", "g")
        .with(trace, 5 * scale, "component", "a1")
        .with(trace, scale, "component", "a2")
        .with(trace, 3 * scale, "component", "b1")
        .with(trace, scale, "component", "b2")
        .with(trace + ".standard.error", 0.5 * scale);
    for (String component : List.of("g0", "g1", "g2", "g3")) {
      sample.with(trace, Double.NaN, "component", component);
    }
    double[] whole = {4, 2, 0.5};
    double[] means = {3, 1, Double.NaN};
    for (int i = 0; i < whole.length; i++) {
      String rank = Integer.toString(i + 1);
      sample
          .with(PREFIX + "class.eigenvalue", scale * whole[i], "component", "g", "rank", rank)
          .with(PREFIX + "class.eigenvalue", scale * means[i], "component", "a1", "rank", rank);
    }
    return sample
        .with(PREFIX + "class.ratio", 0.5)
        .with(PREFIX + "class.knockout", scale, "method", "subtraction")
        .with(PREFIX + "class.knockout", 0.4 * scale, "method", "projection")
        .spectrum(
            PREFIX + "class.spectrum", values(0, scale, 3 * scale), zeros(2), "component", "a1")
        .spectrum(PREFIX + "class.spectrum", values(0, 0.8 * scale), zeros(1), "component", "a2")
        .spectrum(
            PREFIX + "class.spectrum",
            values(0, 1e-9 * scale, 2 * scale),
            zeros(2),
            "component",
            "b1");
  }

  private static double[] values(double... nodes) {
    return nodes;
  }

  /** Returns weights of some eigenvalues after zeros. */
  private static double[] zeros(int others) {
    double[] weights = new double[others + 1];
    Arrays.fill(weights, 1.0 / ORDER);
    weights[0] = 1 - (double) others / ORDER;
    return weights;
  }

  /** Returns the Hessian, the Gauss-Newton matrix and the residual without two eigenvalues each. */
  static Sample decomposition(int iteration, double scale, String... data) {
    Sample sample = Sample.empty(iteration).probe("decomposition");
    double[][] eigenvalues = {{8, -2}, {7, 1}, {3, -2.5}};
    for (String of : data) {
      for (int m = 0; m < MATRICES.size(); m++) {
        String operator = MATRICES.get(m);
        for (int i = 0; i < 2; i++) {
          String[] tags = {"operator", operator, "data", of, "rank", Integer.toString(i + 1)};
          sample
              .with(PREFIX + "eigenvalue", scale * eigenvalues[m][i], tags)
              .with(PREFIX + "eigenvalue.residual", 0.001 * scale, tags);
        }
        sample
            .with(PREFIX + "rest.edge", -scale, "operator", operator, "data", of, "side", "lower")
            .with(PREFIX + "rest.edge", scale, "operator", operator, "data", of, "side", "upper")
            .spectrum(
                PREFIX + "rest.spectrum",
                values(-0.5 * scale, -0.01 * scale, 0, 0.02 * scale, 0.9 * scale),
                values(0.1, 0.2, 0.3, 0.3, 0.1),
                "operator",
                operator,
                "data",
                of);
      }
      double[] shares = {0.9, -0.1};
      double[] inNewton = {0.95, 0.2};
      double[] inResidual = {0.3, 0.8};
      for (int i = 0; i < shares.length; i++) {
        String rank = Integer.toString(i + 1);
        String[] newton = {"operator", "gauss-newton", "data", of, "rank", rank};
        String[] residual = {"operator", "residual", "data", of, "rank", rank};
        sample
            .with(PREFIX + "outlier.share", shares[i], newton)
            .with(PREFIX + "outlier.overlap", inNewton[i], newton)
            .with(PREFIX + "outlier.overlap", inResidual[i], residual);
      }
    }
    return sample;
  }

  /** Returns layers that are called layer1, layer2, ... */
  static Sample layers(int iteration, int count) {
    Sample sample = Sample.empty(iteration).probe("layers");
    for (int i = 1; i <= count; i++) {
      addLayer(sample, "layer" + i, iteration + i);
    }
    return sample;
  }

  private static void addLayer(Sample sample, String layer, double value) {
    String[] of = {"layer", layer};
    sample
        .with(PREFIX + "layer.eigenvalue", value, "layer", layer, "matrix", "exact")
        .with(PREFIX + "layer.eigenvalue", 0.9 * value, "layer", layer, "matrix", "kronecker")
        .with(PREFIX + "layer.decoupling.error", 0.25, "layer", layer, "norm", "spectral")
        .with(PREFIX + "layer.decoupling.error", 0.5, "layer", layer, "norm", "frobenius")
        .with(PREFIX + "layer.overlap", 0.75, "layer", layer, "k", "10")
        .with(PREFIX + "layer.rank.one.ratio", 0.99, of)
        .with(PREFIX + "layer.mean.input.alignment", 0.98, of)
        .with(PREFIX + "layer.autocorrelation.ratio", 12.5, of)
        .spectrum(
            PREFIX + "layer.output.spectrum", values(-1, 0, 2 * value), values(0.3, 0.3, 0.4), of)
        .spectrum(PREFIX + "layer.input.spectrum", values(0.5, 6 * value), values(0.5, 0.5), of);
  }

  /** Returns what all three probes measure at an iteration. */
  static List<Sample> all(int iteration, double scale) {
    return List.of(
        classes(iteration, scale),
        decomposition(iteration, scale, "train", "held-out"),
        layers(iteration, 3));
  }
}
