package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Measures every row of the tables of docs/outliers.md again; -Dtests.seed takes other samples. */
@Tag("slow")
class OutliersRatesTest {
  private static final Path PAGE = Path.of("..", "docs", "outliers.md");

  /** Spectrum, K, draws, runs, and the runs with the right, a wrong and no number. */
  private static final Pattern ROW =
      Pattern.compile(
          "\\| (.+?) +\\| +(\\d+) \\| +(\\d+) \\| +(\\d+) \\| +(\\d+) \\| +(\\d+) \\| +(\\d+) \\|");

  private static final double[] NINE = {2.39, 1.97, 1.51, 1.37, 0.94, 0.80, 0.51, 0.44, 0.40};

  static List<Row> rows() throws IOException {
    return Files.readAllLines(PAGE).stream()
        .map(ROW::matcher)
        .filter(Matcher::matches)
        .map(Row::of)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void ratesAreThoseDocumented(Row documented) {
    Random random = new Random(Matrices.seed());
    int right = 0;
    int wrong = 0;
    for (int run = 0; run < documented.runs; run++) {
      Sample sample = Sample.of(documented.spectrum, random);
      Integer count =
          Outliers.find(
                  sample.matrix.largest(documented.given),
                  new double[documented.given],
                  sample.matrix.order(),
                  sample.matrix.draws(90, documented.draws, random))
              .count();
      if (count != null && count == sample.outliers) {
        right++;
      } else if (count != null) {
        wrong++;
      }
    }

    Row measured = documented.with(right, wrong);
    assertThat(documented.right + documented.wrong + documented.unknown).isEqualTo(measured.runs);
    assertClose(documented.right, right, measured);
    assertClose(documented.wrong, wrong, measured);
    assertClose(documented.unknown, measured.unknown, measured);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 1, 2, 4})
  void tailTestsKeepTheirLevelInPowerLawTails(double index) {
    int runs = 500;
    Random random = new Random(Matrices.seed());
    Map<Outliers.Test, Integer> alarms = new EnumMap<>(Outliers.Test.class);
    for (int run = 0; run < runs; run++) {
      double[] values = Sample.pareto(index, random).matrix.largest(10);
      Outliers.Gap gap = Outliers.find(values, new double[10]).gap();
      if (gap != null) {
        alarms.merge(gap.test(), 1, Integer::sum);
      }
    }

    int most = (int) (runs * 0.05 + 4 * Math.sqrt(runs * 0.05 * 0.95));
    assertThat(alarms.getOrDefault(Outliers.Test.TAIL, 0)).isLessThanOrEqualTo(most);
    if (index >= 1) {
      assertThat(alarms.getOrDefault(Outliers.Test.HEAVY_TAIL, 0)).isLessThanOrEqualTo(most);
    }
  }

  /** Two binomial counts of one rate p differ with variance 2 runs p (1 − p): four deviations. */
  private static void assertClose(int documented, int count, Row measured) {
    double rate = (documented + count) / (2.0 * measured.runs);
    assertThat((double) Math.abs(documented - count))
        .as("seed %d measured %s", Matrices.seed(), measured)
        .isLessThanOrEqualTo(4 * Math.sqrt(2 * measured.runs * rate * (1 - rate)));
  }

  /** A row of the tables. */
  record Row(String spectrum, int given, int draws, int runs, int right, int wrong, int unknown) {

    static Row of(Matcher row) {
      int[] numbers = new int[6];
      Arrays.setAll(numbers, i -> Integer.parseInt(row.group(2 + i)));
      return new Row(
          row.group(1), numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
    }

    Row with(int newRight, int newWrong) {
      return new Row(spectrum, given, draws, runs, newRight, newWrong, runs - newRight - newWrong);
    }
  }

  /** A matrix and how many outliers were planted in it. */
  private record Sample(TridiagonalMatrix matrix, int outliers) {

    /** Samples a kind of spectrum by its name in the tables. */
    static Sample of(String name, Random random) {
      String[] words = name.split("[ ,]+");
      return switch (words[0]) {
        case "Wishart" -> wishart(words, random);
        case "GOE" ->
            new Sample(TridiagonalMatrix.gaussianOrthogonal(Integer.parseInt(words[1]), random), 0);
        case "Pareto" -> pareto(Double.parseDouble(words[1]), random);
        case "exponential" -> independent(() -> -Math.log(1 - random.nextDouble()));
        case "normal" -> independent(random::nextGaussian);
        case "nine" -> nine(random);
        default -> throw new IllegalArgumentException("unknown spectrum " + name);
      };
    }

    /** Wishart n x N [spike θ | spikes θ, θ, θ]. */
    private static Sample wishart(String[] words, Random random) {
      int n = Integer.parseInt(words[1]);
      int samples = Integer.parseInt(words[3]);
      double[] spikes = Arrays.stream(words).skip(5).mapToDouble(Double::parseDouble).toArray();
      if (spikes.length > 1) {
        return new Sample(spiked(n, samples, spikes, random), spikes.length);
      }
      double spike = spikes.length == 0 ? 0 : spikes[0];
      return new Sample(TridiagonalMatrix.wishart(n, samples, spike, random), spikes.length);
    }

    /** Z Zᵀ/samples + diag(spikes, 0, ...) by a dense eigensolver: several spikes need it. */
    private static TridiagonalMatrix spiked(int n, int samples, double[] spikes, Random random) {
      double[][] z = new double[n][samples];
      for (double[] row : z) {
        Arrays.setAll(row, j -> random.nextGaussian() / Math.sqrt(samples));
      }
      var matrix = MatrixUtils.createRealMatrix(z);
      matrix = matrix.multiplyTransposed(matrix);
      for (int i = 0; i < spikes.length; i++) {
        matrix.addToEntry(i, i, spikes[i]);
      }
      return TridiagonalMatrix.diagonal(new EigenDecompositionSymmetric(matrix).getEigenvalues());
    }

    /** The nine over a Wishart bulk with its edge at 0.16, 2.5 times below them. */
    private static Sample nine(Random random) {
      double[] bulk = TridiagonalMatrix.wishart(200, 400, 0, random).largest(200);
      DoubleStream scaled = Arrays.stream(bulk).map(x -> 0.16 * x / bulk[0]);
      return new Sample(
          TridiagonalMatrix.diagonal(DoubleStream.concat(Arrays.stream(NINE), scaled).toArray()),
          9);
    }

    static Sample pareto(double index, Random random) {
      return independent(() -> Math.pow(1 - random.nextDouble(), -1 / index));
    }

    private static Sample independent(DoubleSupplier value) {
      double[] values = new double[400];
      Arrays.setAll(values, i -> value.getAsDouble());
      return new Sample(TridiagonalMatrix.diagonal(values), 0);
    }
  }
}
