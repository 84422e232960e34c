package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LanczosTest {

  private static LanczosFactorization run(LinearOperator operator, INDArray start, int steps) {
    return Lanczos.factorize(operator, start, Lanczos.Options.ofSteps(steps));
  }

  private static INDArray ones(long n) {
    return Nd4j.ones(DataType.DOUBLE, n);
  }

  /** Returns max|QQᵀ − I| of the vectors as the operator gets them, rounded to its type. */
  private static double orthogonalityDefect(LanczosFactorization run, DataType type) {
    INDArray[] rows = new INDArray[run.steps()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = run.vector(i).castTo(type).castTo(DataType.DOUBLE);
    }
    INDArray q = Nd4j.vstack(rows);
    return q.mmul(q.transpose())
        .sub(Nd4j.eye(rows.length).castTo(DataType.DOUBLE))
        .amaxNumber()
        .doubleValue();
  }

  /** T-L1: the discrete Chebyshev (Gram) polynomials. */
  @ParameterizedTest
  @EnumSource(Reorthogonalization.class)
  void matchesTheClosedFormOnEquallySpacedEigenvalues(Reorthogonalization reorthogonalization) {
    int n = 10;
    int m = 7;
    LanczosFactorization run =
        Lanczos.factorize(
            Matrices.diagonal(Matrices.values(n, i -> i + 1)),
            ones(n),
            Lanczos.Options.ofSteps(m).withReorthogonalization(reorthogonalization));
    for (int j = 1; j <= m; j++) {
      assertThat(run.alphas()[j - 1]).isCloseTo((n + 1) / 2.0, within(1e-12));
      double square = j * j * (n * n - j * j) / (4.0 * (4.0 * j * j - 1));
      assertThat(run.betas()[j - 1]).isCloseTo(Math.sqrt(square), within(1e-12));
    }
  }

  /** T-L1 in numbers. */
  @Test
  void givesTheGaussRuleOfThreeNodes() {
    QuadratureRule rule =
        run(Matrices.diagonal(Matrices.values(10, i -> i + 1)), ones(10), 3).quadratureRule();
    assertThat(rule.nodes())
        .containsExactly(new double[] {1.6724681582, 5.5, 9.3275318418}, within(1e-10));
    assertThat(rule.weights())
        .containsExactly(new double[] {0.2815699659, 0.4368600683, 0.2815699659}, within(1e-10));
  }

  static Stream<Arguments> spectra() {
    return Matrices.seeds()
        .boxed()
        .flatMap(
            seed ->
                Stream.of(
                    Arguments.of(seed, "random", Matrices.random(seed, 24)),
                    Arguments.of(seed, "laplacian", Matrices.laplacian(24)),
                    Arguments.of(seed, "wilkinson", Matrices.wilkinson()),
                    Arguments.of(
                        seed,
                        "negative",
                        Matrices.withSpectrum(seed, Matrices.values(20, i -> -1.0 - i * i))),
                    Arguments.of(
                        seed,
                        "graded",
                        Matrices.withSpectrum(
                            seed, Matrices.values(16, i -> Math.pow(10, -i / 2.0)))),
                    Arguments.of(
                        seed,
                        "clustered",
                        Matrices.withSpectrum(
                            seed,
                            Matrices.values(18, i -> Math.floor(i / 6.0) + 1e-3 * (i % 6))))));
  }

  /** T-L2, left side against right side by repeated products. */
  @ParameterizedTest(name = "seed {0}, {1}")
  @MethodSource("spectra")
  void integratesPolynomialsUpToDegreeTwiceTheStepsMinusOne(
      long seed, String spectrum, double[][] matrix) {
    int m = 4;
    INDArray start = Matrices.gaussian(seed, matrix.length);
    QuadratureRule rule = run(Matrices.dense(matrix), start, m).quadratureRule();
    assertThat(Arrays.stream(rule.weights()).sum()).isCloseTo(1, within(1e-12));
    double scale = Matrices.largestMagnitude(JacobiEigenvalues.of(matrix));
    INDArray a = Nd4j.createFromArray(matrix).divi(scale);
    INDArray power = start.dup();
    for (int degree = 0; degree <= 2 * m; degree++) {
      int exponent = degree;
      double moment = Vectors.dot(start, power);
      double quadrature = 0;
      for (int j = 0; j < rule.size(); j++) {
        quadrature += rule.weight(j) * Math.pow(rule.node(j) / scale, exponent);
      }
      if (degree < 2 * m) {
        assertThat(quadrature).isCloseTo(moment, within(1e-12));
      } else {
        // The error of degree 2m is the product of the squared betas: not small, and known.
        double product = 1;
        for (double beta : run(Matrices.dense(matrix), start, m).betas()) {
          product *= beta / scale * (beta / scale);
        }
        assertThat(moment - quadrature).isCloseTo(product, within(1e-12));
        assertThat(product).isGreaterThan(1e-11);
      }
      power = a.mmul(power);
    }
  }

  /** T-L3. */
  @ParameterizedTest(name = "seed {0}, {1}")
  @MethodSource("spectra")
  void findsAllEigenvaluesInAsManySteps(long seed, String spectrum, double[][] matrix) {
    double[] exact = JacobiEigenvalues.of(matrix);
    LanczosFactorization run =
        run(Matrices.dense(matrix), Matrices.gaussian(seed, matrix.length), matrix.length);
    assertThat(run.steps()).isEqualTo(matrix.length);
    assertThat(run.ritzValues())
        .containsExactly(exact, within(1e-12 * Matrices.largestMagnitude(exact)));
  }

  @ParameterizedTest(name = "seed {0}, {1}")
  @MethodSource("spectra")
  void residualsBoundTheDistanceToTheSpectrum(long seed, String spectrum, double[][] matrix) {
    double[] exact = JacobiEigenvalues.of(matrix);
    LanczosFactorization run =
        run(Matrices.dense(matrix), Matrices.gaussian(seed, matrix.length), 9);
    double rounding = 1e-12 * Matrices.largestMagnitude(exact);
    double[] bounds = run.residualBounds();
    for (int i = 0; i < run.steps(); i++) {
      double value = run.ritzValues()[i];
      double distance = Arrays.stream(exact).map(x -> Math.abs(x - value)).min().orElseThrow();
      assertThat(distance).isLessThanOrEqualTo(bounds[i] + rounding);
    }
  }

  @ParameterizedTest(name = "seed {0}, {1}")
  @MethodSource("spectra")
  void shiftingTheOperatorShiftsTheNodes(long seed, String spectrum, double[][] matrix) {
    INDArray start = Matrices.gaussian(seed, matrix.length);
    QuadratureRule rule = run(Matrices.dense(matrix), start, 8).quadratureRule();
    double scale = Matrices.largestMagnitude(JacobiEigenvalues.of(matrix));
    QuadratureRule shifted =
        run(Matrices.dense(matrix).shifted(-0.3 * scale), start, 8).quadratureRule();
    for (int i = 0; i < 8; i++) {
      assertThat(shifted.node(i)).isCloseTo(rule.node(i) - 0.3 * scale, within(1e-9 * scale));
      assertThat(shifted.weight(i)).isCloseTo(rule.weight(i), within(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-150, 1e-30, 0.25, -1, 1e30, 1e150})
  void scalingTheOperatorScalesTheNodes(double factor) {
    double[] eigenvalues = Matrices.values(30, i -> i == 0 ? 50 : Math.sin(i));
    INDArray start = Matrices.gaussian(Matrices.seed(), 30);
    QuadratureRule rule = run(Matrices.diagonal(eigenvalues), start, 12).quadratureRule();
    QuadratureRule scaled =
        run(Matrices.diagonal(eigenvalues).scaled(factor), start, 12).quadratureRule();
    for (int i = 0; i < 12; i++) {
      int same = factor < 0 ? 11 - i : i;
      assertThat(scaled.node(i) / factor).isCloseTo(rule.node(same), within(1e-10));
      assertThat(scaled.weight(i)).isCloseTo(rule.weight(same), within(1e-10));
    }
  }

  @Test
  void scalingByAPowerOfTwoChangesNoBit() {
    double[] eigenvalues = Matrices.values(30, i -> Math.sin(i));
    INDArray start = Matrices.gaussian(Matrices.seed(), 30);
    QuadratureRule rule = run(Matrices.diagonal(eigenvalues), start, 20).quadratureRule();
    QuadratureRule scaled =
        run(Matrices.diagonal(eigenvalues).scaled(Math.scalb(1.0, -400)), start, 20)
            .quadratureRule();
    assertThat(scaled.weights()).isEqualTo(rule.weights());
    assertThat(Arrays.stream(scaled.nodes()).map(x -> Math.scalb(x, 400)).toArray())
        .isEqualTo(rule.nodes());
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-200, 1, 1e200})
  void theScaleOfTheStartDoesNotMatter(double scale) {
    DiagonalOperator operator = Matrices.diagonal(Matrices.values(20, i -> i * i));
    INDArray start = Matrices.gaussian(Matrices.seed(), 20);
    assertThat(run(operator, start.mul(scale), 10).ritzValues())
        .containsExactly(run(operator, start, 10).ritzValues(), within(1e-9));
  }

  @Test
  void rotatingTheProblemChangesNothing() {
    double[] eigenvalues = Matrices.values(40, i -> Math.pow(0.8, i));
    long seed = Matrices.seed();
    INDArray start = Matrices.gaussian(seed, 40);
    INDArray q =
        Nd4j.createFromArray(Matrices.withSpectrum(seed, Matrices.values(40, i -> i % 2 * 2 - 1)));
    // q is symmetric and orthogonal: a reflection.
    INDArray rotated = q.mmul(Nd4j.diag(Matrices.array(eigenvalues))).mmul(q);
    QuadratureRule expected = run(Matrices.diagonal(eigenvalues), start, 15).quadratureRule();
    QuadratureRule actual = run(DenseOperator.of(rotated), q.mmul(start), 15).quadratureRule();
    assertThat(actual.nodes()).containsExactly(expected.nodes(), within(1e-10));
    assertThat(actual.weights()).containsExactly(expected.weights(), within(1e-10));
  }

  static Stream<Arguments> breakdowns() {
    return Stream.of(DataType.DOUBLE, DataType.FLOAT)
        .flatMap(
            type ->
                Stream.of(
                    Arguments.of(type, "zero", new double[12], new double[] {0}),
                    Arguments.of(type, "identity", Matrices.values(12, i -> 1), new double[] {1}),
                    Arguments.of(
                        type, "negative identity", Matrices.values(12, i -> -3), new double[] {-3}),
                    Arguments.of(
                        type,
                        "rank one",
                        Matrices.values(12, i -> i == 5 ? 7 : 0),
                        new double[] {0, 7}),
                    Arguments.of(
                        type,
                        "three values, repeated",
                        Matrices.values(12, i -> i % 3 - 1),
                        new double[] {-1, 0, 1}),
                    Arguments.of(type, "order one", new double[] {4}, new double[] {4})));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("breakdowns")
  void stopsWhenAnInvariantSubspaceIsFound(
      DataType type, String operator, double[] diagonal, double[] distinct) {
    int n = diagonal.length;
    LanczosFactorization run =
        run(
            Matrices.diagonal(type, diagonal),
            Matrices.gaussian(Matrices.seed(), 1, n, type).reshape(n),
            n);
    assertThat(run.breakdown()).isTrue();
    assertThat(run.ritzValues())
        .containsExactly(distinct, within(type == DataType.FLOAT ? 1e-5 : 1e-13));
    assertThat(Arrays.stream(run.quadratureRule().weights()).sum()).isCloseTo(1, within(1e-12));
  }

  @Test
  void anEigenvectorGivesOneNode() {
    double[][] matrix = Matrices.laplacian(9);
    INDArray eigenvector =
        Matrices.array(Matrices.values(9, i -> Math.sin(3 * Math.PI * (i + 1) / 10)));
    LanczosFactorization run = run(Matrices.dense(matrix), eigenvector, 9);
    assertThat(run.steps()).isEqualTo(1);
    assertThat(run.breakdown()).isTrue();
    assertThat(run.ritzValues()[0]).isCloseTo(2 - 2 * Math.cos(3 * Math.PI / 10), within(1e-14));
    assertThat(run.quadratureRule().weight(0)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1e2, 1e4, 1e6})
  void staysOrthogonalInFloatWhateverTheOutliers(double ratio) {
    int n = 2000;
    double[] eigenvalues =
        Matrices.values(n, i -> i < 9 ? ratio * (1 + i / 3.0) : 1 / (1 + 0.01 * i));
    LanczosFactorization run =
        run(
            Matrices.diagonal(DataType.FLOAT, eigenvalues),
            Matrices.gaussian(Matrices.seed(), 1, n, DataType.FLOAT).reshape(n),
            90);
    assertThat(run.steps()).isEqualTo(90);
    assertThat(orthogonalityDefect(run, DataType.FLOAT)).isLessThanOrEqualTo(1e-6);
    // No ghosts: each outlier once.
    for (int i = 0; i < 9; i++) {
      double outlier = eigenvalues[i];
      if (ratio > 1) {
        assertThat(Arrays.stream(run.ritzValues()).filter(x -> Math.abs(x - outlier) < 0.1 * ratio))
            .hasSize(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1e6})
  void staysOrthogonalInDouble(double ratio) {
    int n = 1000;
    LanczosFactorization run =
        run(
            Matrices.diagonal(
                Matrices.values(n, i -> i < 9 ? ratio * (1 + i) : 1 / (1 + 0.01 * i))),
            Matrices.gaussian(Matrices.seed(), n),
            150);
    assertThat(orthogonalityDefect(run, DataType.DOUBLE)).isLessThanOrEqualTo(1e-13);
  }

  @Test
  void withoutReorthogonalizationCopiesAppearAndTheDensityDoesNotMind() {
    int n = 500;
    double[] eigenvalues = Matrices.values(n, i -> i == 0 ? 1000 : i / (double) n);
    INDArray start = Matrices.gaussian(Matrices.seed(), n);
    DiagonalOperator operator = Matrices.diagonal(eigenvalues);
    QuadratureRule full = run(operator, start, 60).quadratureRule();
    QuadratureRule plain =
        Lanczos.factorize(
                operator,
                start,
                Lanczos.Options.ofSteps(60).withReorthogonalization(Reorthogonalization.NONE))
            .quadratureRule();
    assertThat(Arrays.stream(full.nodes()).filter(x -> x > 999)).hasSize(1);
    assertThat(Arrays.stream(plain.nodes()).filter(x -> x > 999)).hasSizeGreaterThan(1);
    double weight = 0;
    for (int i = 0; i < plain.size(); i++) {
      weight += plain.node(i) > 999 ? plain.weight(i) : 0;
    }
    assertThat(weight).isCloseTo(full.weight(full.size() - 1), within(1e-12));
  }

  @Test
  void advancesSeveralStartsInOneBlockEachWithItsOwnBreakdown() {
    double[] eigenvalues = Matrices.values(12, i -> i);
    CountingOperator operator = CountingOperator.of(Matrices.diagonal(eigenvalues));
    INDArray starts = Nd4j.create(DataType.DOUBLE, 3, 12);
    starts.putScalar(0, 4, 2);
    starts.putScalar(1, 3, 1);
    starts.putScalar(1, 7, 1);
    starts.getRow(2).assign(Matrices.gaussian(Matrices.seed(), 12));
    List<LanczosFactorization> runs =
        Lanczos.factorizeAll(operator, starts, Lanczos.Options.ofSteps(6));
    assertThat(runs.stream().map(LanczosFactorization::steps)).containsExactly(1, 2, 6);
    assertThat(runs.stream().map(LanczosFactorization::breakdown))
        .containsExactly(true, true, false);
    assertThat(operator.matvecs()).isEqualTo(9);
    assertThat(operator.blocks()).isEqualTo(6);
    assertThat(runs.get(1).ritzValues()).containsExactly(new double[] {3, 7}, within(1e-13));
    assertThat(runs.get(2).ritzValues())
        .isEqualTo(run(Matrices.diagonal(eigenvalues), starts.getRow(2), 6).ritzValues());
  }

  @Test
  void keepsTheRecurrence() {
    double[][] matrix = Matrices.random(Matrices.seed(), 15);
    INDArray a = Nd4j.createFromArray(matrix);
    LanczosFactorization run = run(DenseOperator.of(a), Matrices.gaussian(2, 15), 6);
    for (int j = 1; j < 5; j++) {
      INDArray expected =
          run.vector(j - 1)
              .mul(run.betas()[j - 1])
              .add(run.vector(j).mul(run.alphas()[j]))
              .add(run.vector(j + 1).mul(run.betas()[j]));
      assertThat(a.mmul(run.vector(j)).distance2(expected)).isLessThan(1e-13);
    }
  }

  @Test
  void leavesTheStartAlone() {
    INDArray start = ones(8);
    var unused = run(Matrices.diagonal(Matrices.values(8, i -> i)), start, 4);
    assertThat(start).isEqualTo(ones(8));
  }

  /** T-L9. */
  @ParameterizedTest
  @MethodSource("seeds")
  void theRangeEstimateHoldsTheSpectrum(long seed) {
    int n = 1500;
    double[] eigenvalues = Matrices.values(n, i -> i < 5 ? 20.0 + i : 4 * Math.cos(i));
    SpectralRange range =
        run(Matrices.diagonal(eigenvalues), Matrices.gaussian(seed, n), 64)
            .spectralRange()
            .widened(0.05);
    assertThat(range.lower()).isLessThanOrEqualTo(-4).isGreaterThan(-7);
    assertThat(range.upper()).isGreaterThanOrEqualTo(24).isLessThan(27);
  }

  static Stream<Long> seeds() {
    return Matrices.seeds().boxed();
  }

  /** T-L8. */
  @ParameterizedTest
  @MethodSource("seeds")
  void theRangeAfterDeflationIsThatOfTheRest(long seed) {
    int n = 60;
    double[] eigenvalues = Matrices.values(n, i -> i < 4 ? 10.0 + i : Math.sin(i));
    DenseOperator operator = Matrices.dense(Matrices.withSpectrum(seed, eigenvalues));
    ExtremeEigenpairs top =
        ExtremeEigenpairs.compute(
            operator, ExtremeEigenpairs.Options.of(4, 0).withRelativeTolerance(1e-12));
    SpectralRange range =
        run(operator.deflated(top.largest()), Matrices.gaussian(seed, n), n).spectralRange();
    double[] rest = Arrays.copyOfRange(eigenvalues, 4, n);
    assertThat(range.upper()).isCloseTo(Arrays.stream(rest).max().orElseThrow(), within(1e-10));
    assertThat(range.lower()).isCloseTo(Arrays.stream(rest).min().orElseThrow(), within(1e-10));
  }

  @Test
  void rejectsMoreStepsThanTheOrder() {
    DiagonalOperator operator = Matrices.diagonal(Matrices.values(10, i -> i));
    assertThatThrownBy(() -> run(operator, ones(10), 12))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("steps must be between 1 and the operator's order 10, got 12");
  }

  @Test
  void rejectsNoSteps() {
    assertThatThrownBy(() -> Lanczos.Options.ofSteps(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("steps must be at least 1, got 0");
  }

  @Test
  void rejectsAStartOfTheWrongLength() {
    DiagonalOperator operator = Matrices.diagonal(Matrices.values(10, i -> i));
    assertThatThrownBy(() -> run(operator, ones(9), 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("start has length 9 but the operator has order 10");
    assertThatThrownBy(() -> run(operator, Nd4j.ones(DataType.DOUBLE, 1, 10), 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("start must have rank 1, got rank 2");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, Double.NaN, Double.POSITIVE_INFINITY})
  void rejectsAStartThatIsZeroOrNotFinite(double value) {
    INDArray start = Nd4j.zeros(DataType.DOUBLE, 5);
    start.putScalar(3, value);
    assertThatThrownBy(() -> run(Matrices.diagonal(1, 2, 3, 4, 5), start, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("start must be finite and not zero")
        .hasMessageContaining("in row 0");
  }

  @Test
  void saysHowMuchMemoryTheBasisWouldTake() {
    DiagonalOperator operator = Matrices.diagonal(Matrices.values(1000, i -> i));
    Lanczos.Options options = Lanczos.Options.ofSteps(90).withMemoryBytes(500_000);
    assertThatThrownBy(() -> Lanczos.factorize(operator, ones(1000), options))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "1 bases of 90 vectors of length 1000 need 752.0 kB, but 500.0 kB may be used; take fewer steps or starting vectors, or Reorthogonalization.NONE");
    assertThat(
            Lanczos.factorize(
                    operator, ones(1000), options.withReorthogonalization(Reorthogonalization.NONE))
                .steps())
        .isEqualTo(90);
    assertThatThrownBy(() -> options.withMemoryBytes(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("memoryBytes must be at least 0, got -1");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.NEGATIVE_INFINITY})
  void namesTheFirstElementOfAProductThatIsNotFinite(double bad) {
    double[] eigenvalues = Matrices.values(10, i -> i == 4 || i == 7 ? bad : 1.0 + i);
    DiagonalOperator operator = Matrices.diagonal(eigenvalues);
    assertThatThrownBy(() -> run(operator, ones(10), 3))
        .isInstanceOfSatisfying(
            NonFiniteValueException.class,
            e -> {
              assertThat(e.index()).isEqualTo(4);
              assertThat(e.matvecs()).isEqualTo(1);
              assertThat(e.quantity()).isEqualTo("the product with the operator");
            })
        .hasMessage(
            "the product with the operator must be finite, got NaN or an infinity at index 4 after 1 matvecs");
  }

  @Test
  void vectorsAreCopiesUntilTheBasisIsClosed() {
    LanczosFactorization run = run(Matrices.diagonal(1, 2, 3), ones(3), 2);
    run.vector(0).assign(9);
    assertThat(run.vector(0).getDouble(0)).isCloseTo(1 / Math.sqrt(3), within(1e-15));
    assertThatThrownBy(() -> run.vector(2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("i must be between 0 and 1, got 2");
    run.close();
    run.close();
    assertThatThrownBy(() -> run.vector(0)).isInstanceOf(IllegalStateException.class);
    assertThat(run.quadratureRule().size()).isEqualTo(2);
    assertThat(run)
        .hasToString(
            "LanczosFactorization[steps=2, breakdown=false, ritzValues="
                + Arrays.toString(run.ritzValues())
                + "]");
  }

  @Test
  void keepsNoVectorsWithoutReorthogonalization() {
    LanczosFactorization run =
        Lanczos.factorize(
            Matrices.diagonal(1, 2, 3),
            ones(3),
            Lanczos.Options.ofSteps(2).withReorthogonalization(Reorthogonalization.NONE));
    assertThatThrownBy(() -> run.vector(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no basis is kept with Reorthogonalization.NONE; use FULL");
    run.close();
  }

  /** Long enough that every thread has several tiles, the last of them cut. */
  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void threadsMoveRoundingAlone(DataType type) {
    int n = 200_003;
    LinearOperator operator =
        Matrices.diagonal(type, Matrices.values(n, i -> i < 5 ? 1000 + 100 * i : 1 - 1.0 * i / n));
    INDArray start = Matrices.gaussian(Matrices.seed(), 1, n, type).reshape(n);
    LanczosFactorization[] runs = new LanczosFactorization[3];
    int[] threads = {1, 4, 4};
    for (int i = 0; i < runs.length; i++) {
      Lanczos.Options options = Lanczos.Options.ofSteps(20).withThreads(threads[i]);
      runs[i] = Lanczos.factorize(operator, start, options);
      assertThat(orthogonalityDefect(runs[i], type))
          .isLessThan(type == DataType.FLOAT ? 1e-6 : 1e-13);
    }
    double rounding = 1500 * (type == DataType.FLOAT ? 1e-6 : 1e-13);
    assertThat(runs[1].ritzValues()).containsExactly(runs[0].ritzValues(), within(rounding));
    assertThat(runs[2].alphas()).isEqualTo(runs[1].alphas());
    assertThat(runs[2].betas()).isEqualTo(runs[1].betas());
    for (LanczosFactorization run : runs) {
      run.close();
    }
  }

  @Test
  void refusesNoThreads() {
    assertThatThrownBy(() -> Lanczos.Options.ofSteps(2).withThreads(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads must be at least 1, got 0");
    assertThatThrownBy(() -> StochasticLanczosQuadrature.Options.defaults().withThreads(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads must be at least 1, got 0");
  }
}
