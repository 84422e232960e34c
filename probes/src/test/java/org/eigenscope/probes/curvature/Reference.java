package org.eigenscope.probes.curvature;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Small networks written out in {@link Jet}s: an implementation that shares nothing with
 * Deeplearning4j but where it keeps its parameters.
 */
final class Reference {
  private final Model model;
  private final Map<String, INDArray> table;
  private final int n;

  private Reference(Model model) {
    this.model = model;
    this.table = model.paramTable();
    this.n = (int) model.params().length();
  }

  static Reference of(Model model) {
    return new Reference(model);
  }

  int size() {
    return n;
  }

  Jet constant(double value) {
    return Jet.constant(value, n);
  }

  /** Returns one parameter; the key is Deeplearning4j's, for example 0_W or dense_b. */
  Jet parameter(String key, long... index) {
    INDArray view = table.get(key);
    long at = view.offset() - model.params().offset();
    // Biases are stored as rows.
    long[] full = index.length == view.rank() ? index : new long[] {0, index[0]};
    for (int axis = 0; axis < full.length; axis++) {
      at += full[axis] * view.stride(axis);
    }
    return Jet.variable(view.getDouble(full), (int) at, n);
  }

  Jet[] input(INDArray row) {
    Jet[] jets = new Jet[(int) row.length()];
    INDArray flat = row.dup('c').reshape(row.length());
    for (int i = 0; i < jets.length; i++) {
      jets[i] = constant(flat.getDouble(i));
    }
    return jets;
  }

  /** Returns x W + b. */
  Jet[] dense(String layer, Jet[] x) {
    INDArray w = table.get(layer + "_W");
    Jet[] z = new Jet[w.columns()];
    for (int j = 0; j < z.length; j++) {
      z[j] = table.containsKey(layer + "_b") ? parameter(layer + "_b", j) : constant(0);
      for (int i = 0; i < x.length; i++) {
        if (x[i].value != 0 || nonZero(x[i])) {
          z[j] = z[j].plus(x[i].times(parameter(layer + "_W", i, j)));
        }
      }
    }
    return z;
  }

  private static boolean nonZero(Jet x) {
    for (double d : x.first) {
      if (d != 0) {
        return true;
      }
    }
    for (double d : x.second) {
      if (d != 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns a valid convolution with stride 1; x is [channels][height][width]. */
  Jet[][][] convolution(String layer, Jet[][][] x) {
    INDArray w = table.get(layer + "_W");
    int out = (int) w.size(0);
    int kernel = (int) w.size(2);
    int height = x[0].length - kernel + 1;
    int width = x[0][0].length - kernel + 1;
    Jet[][][] z = new Jet[out][height][width];
    for (int o = 0; o < out; o++) {
      for (int r = 0; r < height; r++) {
        for (int c = 0; c < width; c++) {
          Jet sum = parameter(layer + "_b", o);
          for (int i = 0; i < x.length; i++) {
            for (int kr = 0; kr < kernel; kr++) {
              for (int kc = 0; kc < kernel; kc++) {
                Jet at = x[i][r + kr][c + kc];
                if (at.value != 0 || nonZero(at)) {
                  sum = sum.plus(at.times(parameter(layer + "_W", o, i, kr, kc)));
                }
              }
            }
          }
          z[o][r][c] = sum;
        }
      }
    }
    return z;
  }

  /** Returns the maxima of windows; the first of equals wins. */
  static Jet[][][] maxPool(Jet[][][] x, int kernel, int stride) {
    int height = (x[0].length - kernel) / stride + 1;
    int width = (x[0][0].length - kernel) / stride + 1;
    Jet[][][] out = new Jet[x.length][height][width];
    for (int i = 0; i < x.length; i++) {
      for (int r = 0; r < height; r++) {
        for (int c = 0; c < width; c++) {
          Jet best = x[i][r * stride][c * stride];
          for (int kr = 0; kr < kernel; kr++) {
            for (int kc = 0; kc < kernel; kc++) {
              Jet at = x[i][r * stride + kr][c * stride + kc];
              best = at.value > best.value ? at : best;
            }
          }
          out[i][r][c] = best;
        }
      }
    }
    return out;
  }

  static Jet[][][] image(Jet[] flat, int channels, int height, int width) {
    Jet[][][] image = new Jet[channels][height][width];
    for (int i = 0; i < flat.length; i++) {
      image[i / (height * width)][i / width % height][i % width] = flat[i];
    }
    return image;
  }

  static Jet[] flat(Jet[][][] image) {
    return java.util.Arrays.stream(image)
        .flatMap(java.util.Arrays::stream)
        .flatMap(java.util.Arrays::stream)
        .toArray(Jet[]::new);
  }

  static Jet[] map(Jet[] x, UnaryOperator<Jet> function) {
    return java.util.Arrays.stream(x).map(function).toArray(Jet[]::new);
  }

  static Jet[][][] map(Jet[][][] x, UnaryOperator<Jet> function) {
    Jet[][][] mapped = new Jet[x.length][x[0].length][];
    for (int i = 0; i < x.length; i++) {
      for (int r = 0; r < x[i].length; r++) {
        mapped[i][r] = map(x[i][r], function);
      }
    }
    return mapped;
  }

  /** Returns −Σ y log softmax(z). */
  Jet crossEntropy(Jet[] z, INDArray labels) {
    Jet sum = constant(0);
    for (Jet jet : z) {
      sum = sum.plus(jet.exp());
    }
    Jet log = sum.log();
    Jet loss = constant(0);
    for (int i = 0; i < z.length; i++) {
      loss = loss.plus(log.minus(z[i]).times(labels.getDouble(i)));
    }
    return loss;
  }

  /** Returns Σ (z − y)². */
  Jet squares(Jet[] z, INDArray labels) {
    Jet loss = constant(0);
    for (int i = 0; i < z.length; i++) {
      Jet error = z[i].plus(-labels.getDouble(i));
      loss = loss.plus(error.times(error));
    }
    return loss;
  }

  /** Adds Jᵀ A J of softmax cross-entropy with labels that sum to a weight, for one example. */
  void addGaussNewton(double[][] matrix, Jet[] z, double weight) {
    double sum = 0;
    double[] p = new double[z.length];
    for (int i = 0; i < z.length; i++) {
      p[i] = Math.exp(z[i].value);
      sum += p[i];
    }
    for (int i = 0; i < z.length; i++) {
      p[i] /= sum;
    }
    for (int a = 0; a < n; a++) {
      double mean = 0;
      for (int i = 0; i < z.length; i++) {
        mean += p[i] * z[i].first[a];
      }
      for (int b = 0; b < n; b++) {
        double entry = 0;
        for (int i = 0; i < z.length; i++) {
          entry += p[i] * (z[i].first[a] - mean) * z[i].first[b];
        }
        matrix[a][b] += weight * entry;
      }
    }
  }

  /** Returns the dense Hessian on the active coordinates. */
  INDArray hessian(Jet loss) {
    double[][] full = new double[n][n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(loss.second, i * n, full[i], 0, n);
    }
    return active(full);
  }

  /** Returns the gradient on the active coordinates. */
  INDArray gradient(Jet loss) {
    return active(new double[][] {loss.first}, false);
  }

  INDArray active(double[][] full) {
    return active(full, true);
  }

  private INDArray active(double[][] full, boolean rowsToo) {
    List<ParameterArray> arrays =
        Network.of(model).arrays().stream().filter(ParameterArray::active).toList();
    int[] index =
        arrays.stream()
            .flatMapToInt(
                a ->
                    java.util.stream.IntStream.range(
                        (int) a.offset(), (int) (a.offset() + a.length())))
            .toArray();
    double[][] chosen = new double[rowsToo ? index.length : full.length][index.length];
    for (int i = 0; i < chosen.length; i++) {
      for (int j = 0; j < index.length; j++) {
        chosen[i][j] = full[rowsToo ? index[i] : i][index[j]];
      }
    }
    return Nd4j.createFromArray(chosen);
  }

  static Jet[] joined(Jet[] first, Jet[] second) {
    Jet[] both = java.util.Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** Adds 2 JᵀJ / outputs, the Gauss–Newton matrix of the mean square over the outputs. */
  void addSquares(double[][] matrix, Jet[] z, double weight) {
    for (Jet output : z) {
      for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
          matrix[a][b] += weight * 2 / z.length * output.first[a] * output.first[b];
        }
      }
    }
  }

  /** Returns batch-normalised rows, with running statistics or those of the rows. */
  Jet[][] normalised(String layer, Jet[][] rows, boolean running) {
    int width = rows[0].length;
    Jet[][] out = new Jet[rows.length][width];
    for (int j = 0; j < width; j++) {
      Jet mean = constant(0);
      Jet variance = constant(0);
      if (running) {
        mean = constant(table.get(layer + "_mean").getDouble(j));
        variance = constant(Math.pow(10, 2 * table.get(layer + "_log10stdev").getDouble(j)));
      } else {
        for (Jet[] row : rows) {
          mean = mean.plus(row[j].times(1.0 / rows.length));
        }
        for (Jet[] row : rows) {
          Jet deviation = row[j].minus(mean);
          variance = variance.plus(deviation.times(deviation).times(1.0 / rows.length));
        }
      }
      Jet scale = variance.plus(1e-5).power(-0.5);
      for (int i = 0; i < rows.length; i++) {
        out[i][j] =
            rows[i][j]
                .minus(mean)
                .times(scale)
                .times(parameter(layer + "_gamma", j))
                .plus(parameter(layer + "_beta", j));
      }
    }
    return out;
  }

  /**
   * Returns the states of an LSTM without peepholes over the first steps; x is [features, time].
   */
  Jet[][] lstm(String layer, INDArray x, int steps) {
    int features = (int) x.size(0);
    int width = (int) table.get(layer + "_RW").size(0);
    Jet[] h = new Jet[width];
    Jet[] c = new Jet[width];
    java.util.Arrays.fill(h, constant(0));
    java.util.Arrays.fill(c, constant(0));
    Jet[][] states = new Jet[steps][];
    for (int t = 0; t < steps; t++) {
      Jet[] z = new Jet[4 * width];
      for (int k = 0; k < z.length; k++) {
        z[k] = parameter(layer + "_b", k);
        for (int i = 0; i < features; i++) {
          z[k] = z[k].plus(parameter(layer + "_W", i, k).times(x.getDouble(i, t)));
        }
        for (int i = 0; i < width; i++) {
          z[k] = z[k].plus(parameter(layer + "_RW", i, k).times(h[i]));
        }
      }
      Jet[] next = new Jet[width];
      for (int j = 0; j < width; j++) {
        Jet input = z[j].tanh();
        Jet forget = z[width + j].sigmoid();
        Jet output = z[2 * width + j].sigmoid();
        Jet gate = z[3 * width + j].sigmoid();
        c[j] = forget.times(c[j]).plus(gate.times(input));
        next[j] = output.times(c[j].tanh());
      }
      h = next;
      states[t] = h;
    }
    return states;
  }
}
