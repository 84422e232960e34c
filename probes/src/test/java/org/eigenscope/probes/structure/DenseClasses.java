package org.eigenscope.probes.structure;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The components as dense matrices, from the Jacobian and the logits of each example. */
final class DenseClasses {
  private final double[][][] jacobians;
  private final double[][] probabilities;
  private final int[] labels;
  private final int classes;
  private final int order;
  private final Map<ClassComponent, double[][]> matrices = new EnumMap<>(ClassComponent.class);

  /**
   * @param jacobians by example, logit and coordinate
   * @param logits by example
   */
  DenseClasses(double[][][] jacobians, double[][] logits, int[] labels) {
    this.jacobians = jacobians;
    this.probabilities = Arrays.stream(logits).map(DenseClasses::softmax).toArray(double[][]::new);
    this.labels = labels;
    this.classes = logits[0].length;
    this.order = jacobians[0][0].length;
    for (ClassComponent component : ClassComponent.values()) {
      matrices.put(component, new double[order][order]);
    }
    weighted();
    balanced();
  }

  INDArray matrix(ClassComponent component) {
    return Nd4j.createFromArray(matrices.get(component));
  }

  double[] eigenvalues(ClassComponent component) {
    return DenseEigenpairs.of(matrix(component)).values();
  }

  double trace(ClassComponent component) {
    double trace = 0;
    for (int a = 0; a < order; a++) {
      trace += matrices.get(component)[a][a];
    }
    return trace;
  }

  private static double[] softmax(double[] z) {
    double sum = Arrays.stream(z).map(Math::exp).sum();
    return Arrays.stream(z).map(value -> Math.exp(value) / sum).toArray();
  }

  /** Returns J_iᵀ(p − e_c′). */
  private double[] gradient(int i, int candidate) {
    double[] g = new double[order];
    for (int k = 0; k < classes; k++) {
      double u = probabilities[i][k] - (k == candidate ? 1 : 0);
      for (int a = 0; a < order; a++) {
        g[a] += u * jacobians[i][k][a];
      }
    }
    return g;
  }

  private void add(ClassComponent component, double weight, double[] vector) {
    double[][] matrix = matrices.get(component);
    for (int a = 0; a < order; a++) {
      for (int b = 0; b < order; b++) {
        matrix[a][b] += weight * vector[a] * vector[b];
      }
    }
  }

  private static double[] minus(double[] a, double[] b) {
    double[] difference = a.clone();
    for (int i = 0; i < a.length; i++) {
      difference[i] -= b[i];
    }
    return difference;
  }

  private static void addTo(double[] sum, double factor, double[] vector) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * vector[i];
    }
  }

  private void weighted() {
    int n = labels.length;
    for (int c = 0; c < classes; c++) {
      double[] w = new double[classes];
      double[][] mean = new double[classes][order];
      for (int i = 0; i < n; i++) {
        for (int k = 0; labels[i] == c && k < classes; k++) {
          w[k] += probabilities[i][k] / n;
          addTo(mean[k], probabilities[i][k] / n, gradient(i, k));
          add(ClassComponent.G, probabilities[i][k] / n, gradient(i, k));
        }
      }
      if (Arrays.stream(w).sum() == 0) {
        continue;
      }
      double others = 0;
      double[] classMean = new double[order];
      for (int k = 0; k < classes; k++) {
        for (int a = 0; a < order; a++) {
          mean[k][a] /= w[k];
        }
        if (k != c) {
          others += w[k];
          addTo(classMean, w[k], mean[k]);
        }
      }
      for (int a = 0; a < order; a++) {
        classMean[a] /= others;
      }
      add(ClassComponent.A1, others, classMean);
      add(ClassComponent.A2, w[c], mean[c]);
      for (int k = 0; k < classes; k++) {
        if (k != c) {
          add(ClassComponent.B1, w[k], minus(mean[k], classMean));
        }
        for (int i = 0; i < n; i++) {
          if (labels[i] == c) {
            add(ClassComponent.B2, probabilities[i][k] / n, minus(gradient(i, k), mean[k]));
          }
        }
      }
    }
  }

  private void balanced() {
    int n = labels.length;
    for (int c = 0; c < classes; c++) {
      int size = 0;
      double[][] delta = new double[classes][order];
      for (int i = 0; i < n; i++) {
        if (labels[i] == c) {
          size++;
          for (int k = 0; k < classes; k++) {
            addTo(delta[k], -Math.sqrt(probabilities[i][k]), gradient(i, k));
          }
        }
      }
      double[] classMean = new double[order];
      for (int k = 0; k < classes; k++) {
        for (int a = 0; a < order; a++) {
          delta[k][a] /= size;
        }
        if (k != c) {
          addTo(classMean, 1.0 / (classes - 1), delta[k]);
        }
      }
      add(ClassComponent.G0, 1.0 / classes, delta[c]);
      add(ClassComponent.G1, (classes - 1.0) / classes, classMean);
      for (int k = 0; k < classes; k++) {
        add(ClassComponent.G12, 1.0 / classes, delta[k]);
        if (k != c) {
          add(ClassComponent.G2, 1.0 / classes, minus(delta[k], classMean));
        }
        for (int i = 0; i < n; i++) {
          if (labels[i] == c) {
            double[] one = new double[order];
            addTo(one, -Math.sqrt(probabilities[i][k]), gradient(i, k));
            add(ClassComponent.G3, 1.0 / n, minus(one, delta[k]));
          }
        }
      }
    }
  }
}
