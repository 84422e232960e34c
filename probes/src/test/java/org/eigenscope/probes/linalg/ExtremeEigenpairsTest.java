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
import org.nd4j.linalg.indexing.NDArrayIndex;

class ExtremeEigenpairsTest {

  private static ExtremeEigenpairs.Options options(int largest, int smallest) {
    return ExtremeEigenpairs.Options.of(largest, smallest);
  }

  private static double[] values(List<RitzPair> pairs) {
    return pairs.stream().mapToDouble(RitzPair::value).toArray();
  }

  /** Checks everything that a result promises, against the exact eigenvalues. */
  private static void assertIsRight(
      LinearOperator operator,
      ExtremeEigenpairs actual,
      ExtremeEigenpairs.Options options,
      double[] exact) {
    double[] ascending = Matrices.ascending(exact);
    int n = ascending.length;
    boolean narrow = operator.dataType() == DataType.FLOAT;
    double scale = Math.max(Math.abs(ascending[0]), Math.abs(ascending[n - 1]));
    double tolerance = options.relativeTolerance(operator.dataType()) * scale;
    assertThat(actual.converged()).isTrue();
    assertThat(actual.scale()).isCloseTo(scale, within((narrow ? 1e-4 : 1e-6) * scale));
    assertThat(values(actual.largest()))
        .containsExactly(
            Matrices.values(options.largest(), i -> ascending[n - 1 - i]), within(tolerance));
    assertThat(values(actual.smallest()))
        .containsExactly(Matrices.values(options.smallest(), i -> ascending[i]), within(tolerance));
    for (List<RitzPair> end : List.of(actual.largest(), actual.smallest())) {
      for (RitzPair pair : end) {
        assertResidualIsMeasured(operator, pair, tolerance, narrow ? 1e-6 * scale : 1e-12 * scale);
      }
      if (!end.isEmpty()) {
        INDArray q = Nd4j.vstack(end.stream().map(RitzPair::vector).toArray(INDArray[]::new));
        INDArray defect =
            q.mmul(q.transpose()).sub(Nd4j.eye(end.size()).castTo(operator.dataType()));
        assertThat(defect.amaxNumber().doubleValue()).isLessThan(narrow ? 1e-5 : 1e-12);
      }
    }
  }

  private static void assertResidualIsMeasured(
      LinearOperator operator, RitzPair pair, double tolerance, double rounding) {
    assertThat(pair.residualNorm()).isLessThanOrEqualTo(tolerance);
    INDArray image = operator.apply(pair.vector().reshape(1, operator.order())).getRow(0);
    assertThat(Vectors.norm(image.sub(pair.vector().mul(pair.value()))))
        .isCloseTo(pair.residualNorm(), within(rounding));
  }

  private static void check(
      LinearOperator operator, ExtremeEigenpairs.Options options, double[] exact) {
    assertIsRight(operator, ExtremeEigenpairs.compute(operator, options), options, exact);
  }

  /** Nine outliers over a bulk with a power law, part of it negative. */
  private static double[] networkLike(int n) {
    return Matrices.values(
        n, i -> i < 9 ? 20 * Math.pow(0.8, i) : (i % 3 == 0 ? -0.3 : 1) * 1.4 / (i - 8));
  }

  static Stream<Arguments> denseSpectra() {
    return Matrices.seeds()
        .boxed()
        .flatMap(
            seed ->
                Stream.of(
                    Arguments.of(seed, "random", Matrices.random(seed, 40)),
                    Arguments.of(seed, "laplacian", Matrices.laplacian(50)),
                    Arguments.of(seed, "wilkinson", Matrices.wilkinson()),
                    Arguments.of(
                        seed,
                        "negative",
                        Matrices.withSpectrum(seed, Matrices.values(30, i -> -1.0 - i))),
                    Arguments.of(
                        seed,
                        "clustered",
                        Matrices.withSpectrum(
                            seed, Matrices.values(36, i -> Math.floor(i / 6.0) + 1e-3 * (i % 6)))),
                    Arguments.of(
                        seed,
                        "repeated",
                        Matrices.withSpectrum(seed, Matrices.values(32, i -> i % 8)))));
  }

  @ParameterizedTest(name = "seed {0}, {1}")
  @MethodSource("denseSpectra")
  void findsBothEnds(long seed, String spectrum, double[][] matrix) {
    check(
        Matrices.dense(matrix),
        options(4, 3).withSeed(seed).withRelativeTolerance(1e-8),
        JacobiEigenvalues.of(matrix));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void findsOutliersAndTheBottomOfANetworkLikeSpectrum(DataType type) {
    double[] exact = networkLike(1500);
    check(Matrices.diagonal(type, exact), options(10, 1), exact);
  }

  /** The order gives each of two threads a share. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void severalThreadsFindTheSame(int threads) {
    double[] exact = networkLike(70_000);
    check(Matrices.diagonal(DataType.FLOAT, exact), options(6, 0).withThreads(threads), exact);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-150, 1e-20, 1e20, 1e150})
  void scalesWithTheOperator(double factor) {
    double[] exact = Arrays.stream(networkLike(200)).map(x -> x * factor).toArray();
    check(Matrices.diagonal(exact), options(3, 2), exact);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-50, 0.5, 1e3})
  void shiftsWithTheOperator(double shift) {
    double[] exact = networkLike(100);
    DiagonalOperator operator = Matrices.diagonal(exact);
    check(
        operator.shifted(shift),
        options(3, 3).withRelativeTolerance(1e-9),
        Arrays.stream(exact).map(x -> x + shift).toArray());
  }

  @Test
  void valuesAddUpToTheTrace() {
    double[][] matrix = Matrices.random(Matrices.seed(), 12);
    double trace = 0;
    for (int i = 0; i < 12; i++) {
      trace += matrix[i][i];
    }
    ExtremeEigenpairs all = ExtremeEigenpairs.compute(Matrices.dense(matrix), options(12, 0));
    assertThat(Arrays.stream(values(all.largest())).sum()).isCloseTo(trace, within(1e-12));
  }

  /** T-O6: the Hessian of softmax regression at zero weights. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void countsMultipleEigenvaluesAsOftenAsTheyAreThere(DataType type) {
    int classes = 10;
    double[] exact =
        Matrices.values(
            classes * 20, i -> i < 20 ? 0 : Math.pow(0.5, Math.floor((i - 20) / 9.0)) / classes);
    check(Matrices.diagonal(type, exact), options(10, 10), exact);
    check(Matrices.diagonal(type, exact), options(12, 1), exact);
  }

  @Test
  void listsTheWholeNullSpaceThatWasAskedFor() {
    double[] exact = Matrices.values(800, i -> i < 40 ? 5 / (1.0 + i) : 0);
    ExtremeEigenpairs pairs = ExtremeEigenpairs.compute(Matrices.diagonal(exact), options(10, 10));
    assertIsRight(Matrices.diagonal(exact), pairs, options(10, 10), exact);
    assertThat(values(pairs.smallest())).containsExactly(new double[10], within(1e-6 * 5));
  }

  static Stream<Arguments> degenerate() {
    return Stream.of(DataType.DOUBLE, DataType.FLOAT)
        .flatMap(
            type ->
                Stream.of(
                    Arguments.of(type, "zero", new double[30]),
                    Arguments.of(type, "identity", Matrices.values(30, i -> 1)),
                    Arguments.of(type, "rank one", Matrices.values(30, i -> i == 5 ? 7 : 0)),
                    Arguments.of(
                        type, "negative rank one", Matrices.values(30, i -> i == 5 ? -7 : 0)),
                    Arguments.of(type, "signs", Matrices.values(30, i -> i % 2 == 0 ? 1 : -1))));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("degenerate")
  void takesDegenerateOperators(DataType type, String operator, double[] exact) {
    check(Matrices.diagonal(type, exact), options(4, 3), exact);
    check(Matrices.diagonal(type, exact), options(0, 3), exact);
    check(Matrices.diagonal(type, exact), options(1, 0), exact);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 11})
  void findsTheWholeSpectrumOfASmallOperator(int n) {
    double[][] matrix = Matrices.random(Matrices.seed(), n);
    double[] exact = JacobiEigenvalues.of(matrix);
    check(Matrices.dense(matrix), options(n, n), exact);
    check(Matrices.dense(matrix), options(n, 0), exact);
    check(Matrices.dense(matrix), options(1, n), exact);
  }

  @Test
  void bothEndsShareTheirPairsWhenTheyMeet() {
    ExtremeEigenpairs pairs = ExtremeEigenpairs.compute(Matrices.diagonal(3, 1, 2), options(2, 2));
    assertThat(pairs.largest().get(1)).isSameAs(pairs.smallest().get(1));
    assertThat(pairs.matvecs()).isEqualTo(3);
  }

  @Test
  void countsItsMatvecs() {
    CountingOperator operator = CountingOperator.of(Matrices.diagonal(networkLike(300)));
    ExtremeEigenpairs pairs = ExtremeEigenpairs.compute(operator, options(5, 2));
    assertThat(pairs.matvecs()).isEqualTo(operator.matvecs());
    assertThat(operator.blocks()).isLessThan(operator.matvecs() / 2);
  }

  @Test
  void theSameSeedGivesTheSameBits() {
    DiagonalOperator operator = Matrices.diagonal(networkLike(300));
    assertThat(values(ExtremeEigenpairs.compute(operator, options(5, 2)).largest()))
        .isEqualTo(values(ExtremeEigenpairs.compute(operator, options(5, 2)).largest()));
  }

  @Test
  void anUnfinishedComputationGivesWhatItHas() {
    CountingOperator operator = CountingOperator.of(Matrices.diagonal(networkLike(500)));
    ExtremeEigenpairs pairs =
        ExtremeEigenpairs.compute(operator, options(10, 1).withMaxMatvecs(25));
    assertThat(pairs.converged()).isFalse();
    assertThat(pairs.matvecs()).isEqualTo(25);
    assertThat(operator.matvecs()).isEqualTo(25);
    assertThat(pairs.largest()).hasSize(10);
    assertThat(pairs.smallest()).hasSize(1);
    for (RitzPair pair : pairs.largest()) {
      assertThat(pair.residualNorm()).isFinite();
      double distance =
          Arrays.stream(networkLike(500)).map(x -> Math.abs(x - pair.value())).min().orElseThrow();
      assertThat(distance).isLessThanOrEqualTo(pair.residualNorm() + 1e-12);
    }
  }

  @Test
  void restartsWhenMemoryIsShort() {
    double[] exact = networkLike(600);
    CountingOperator operator = CountingOperator.of(Matrices.diagonal(exact));
    ExtremeEigenpairs.Options options = options(5, 1);
    long bytes = RitzSpace.bytes(operator, 22, 6);
    ExtremeEigenpairs pairs = ExtremeEigenpairs.compute(operator, options.withMemoryBytes(bytes));
    assertThat(pairs.matvecs()).isGreaterThan(22);
    assertIsRight(Matrices.diagonal(exact), pairs, options, exact);
  }

  @Test
  void saysHowMuchMemoryTheSmallestBasisWouldTake() {
    DiagonalOperator operator = Matrices.diagonal(networkLike(600));
    ExtremeEigenpairs.Options options = options(5, 1).withMemoryBytes(100_000);
    assertThatThrownBy(() -> ExtremeEigenpairs.compute(operator, options))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "6 eigenpairs of order 600 need a basis of 21 vectors and 316.8 kB, but 100.0 kB may be used; ask for fewer");
  }

  static Stream<Long> seeds() {
    return Matrices.seeds().boxed();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aWarmStartSavesProducts(long seed) {
    int n = 600;
    double[][] matrix = Matrices.withSpectrum(seed, networkLike(n));
    ExtremeEigenpairs.Options options = options(9, 0);
    ExtremeEigenpairs cold = ExtremeEigenpairs.compute(Matrices.dense(matrix), options);
    double[][] moved = matrix.clone();
    for (int i = 0; i < n; i++) {
      moved[i] = matrix[i].clone();
      moved[i][i] += 0.01 * Math.sin(i);
    }
    CountingOperator operator = CountingOperator.of(Matrices.dense(moved));
    ExtremeEigenpairs warm = ExtremeEigenpairs.compute(operator, options, cold.vectors());
    ExtremeEigenpairs again = ExtremeEigenpairs.compute(Matrices.dense(moved), options);
    assertThat(values(warm.largest())).containsExactly(values(again.largest()), within(2e-5));
    assertThat(warm.matvecs()).isEqualTo(operator.matvecs()).isLessThan(again.matvecs());
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aWarmStartThatMissesTheTopVectorFindsIt(long seed) {
    double[] exact = networkLike(1000);
    DiagonalOperator operator = Matrices.diagonal(exact);
    // Exact eigenvectors of the second to the eleventh eigenvalue: they have no residual.
    INDArray start =
        Nd4j.eye(1000).castTo(DataType.DOUBLE).get(NDArrayIndex.interval(1, 6), NDArrayIndex.all());
    ExtremeEigenpairs.Options options = options(5, 0).withSeed(seed);
    assertIsRight(operator, ExtremeEigenpairs.compute(operator, options, start), options, exact);
  }

  @Test
  void aWarmStartThatHoldsOneOfSeveralEqualEigenvaluesFindsTheOthers() {
    double[] exact = Matrices.values(500, i -> i < 4 ? 3 : 1 / (1.0 + i));
    DiagonalOperator operator = Matrices.diagonal(exact);
    INDArray start = Nd4j.create(DataType.DOUBLE, 5, 500);
    for (int i = 0; i < 5; i++) {
      start.putScalar(i, 3 + i, 1);
    }
    assertIsRight(
        operator, ExtremeEigenpairs.compute(operator, options(5, 0), start), options(5, 0), exact);
  }

  @Test
  void aWarmStartOfOneEndStillFindsTheOther() {
    double[] exact = Matrices.values(400, i -> i < 30 ? 5 / (1.0 + i) : 0);
    DiagonalOperator operator = Matrices.diagonal(exact);
    INDArray start =
        Nd4j.eye(400).castTo(DataType.DOUBLE).get(NDArrayIndex.interval(0, 5), NDArrayIndex.all());
    assertIsRight(
        operator, ExtremeEigenpairs.compute(operator, options(5, 5), start), options(5, 5), exact);
  }

  @Test
  void theStartMayBeDependentZeroLongAndOfAnyScale() {
    double[] exact = networkLike(120);
    DiagonalOperator operator = Matrices.diagonal(exact);
    INDArray row = Matrices.gaussian(1, 120);
    INDArray start = Nd4j.vstack(row.mul(1e100), row.mul(1e-100), row.mul(0), row.mul(-3));
    INDArray copy = start.dup();
    assertIsRight(
        operator, ExtremeEigenpairs.compute(operator, options(3, 2), start), options(3, 2), exact);
    assertThat(start.toDoubleMatrix()).isDeepEqualTo(copy.toDoubleMatrix());
    assertIsRight(
        operator,
        ExtremeEigenpairs.compute(operator, options(3, 2), Nd4j.create(DataType.DOUBLE, 4, 120)),
        options(3, 2),
        exact);
    assertIsRight(
        operator,
        ExtremeEigenpairs.compute(
            operator, options(1, 1), Matrices.gaussian(3, 119, 120, DataType.DOUBLE)),
        options(1, 1),
        exact);
  }

  @Test
  void rejectsMorePairsThanTheOrder() {
    DiagonalOperator operator = Matrices.diagonal(1, 2, 3);
    assertThatThrownBy(() -> ExtremeEigenpairs.compute(operator, options(4, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("largest and smallest must be at most the operator's order 3, got 4 and 1");
  }

  @Test
  void rejectsAStartOfTheWrongShapeOrNotFinite() {
    DiagonalOperator operator = Matrices.diagonal(1, 2, 3);
    assertThatThrownBy(
            () ->
                ExtremeEigenpairs.compute(
                    operator, options(1, 0), Nd4j.create(DataType.DOUBLE, 1, 4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("block has 4 columns but the operator has order 3");
    INDArray start = Nd4j.create(DataType.DOUBLE, 2, 3);
    start.putScalar(1, 1, Double.NaN);
    assertThatThrownBy(() -> ExtremeEigenpairs.compute(operator, options(1, 0), start))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("start must be finite, row 1 is not");
  }

  @Test
  void namesTheFirstElementOfAProductThatIsNotFinite() {
    DiagonalOperator operator =
        Matrices.diagonal(Matrices.values(20, i -> i == 6 ? Double.NaN : i));
    assertThatThrownBy(() -> ExtremeEigenpairs.compute(operator, options(3, 0)))
        .isInstanceOfSatisfying(
            NonFiniteValueException.class,
            e -> {
              assertThat(e.index()).isEqualTo(6);
              assertThat(e.matvecs()).isEqualTo(3);
            });
  }

  @Test
  void rejectsOptionsOutOfRange() {
    assertThatThrownBy(() -> options(0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("largest and smallest must be at least 0 and not both 0, got 0 and 0");
    assertThatThrownBy(() -> options(1, 0).withRelativeTolerance(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("relativeTolerance must be between 0 and 1, got 0.0");
    assertThatThrownBy(() -> options(5, 6).withMaxMatvecs(10))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxMatvecs must be at least largest + smallest = 11, got 10");
    assertThatThrownBy(() -> options(5, 6).withMemoryBytes(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("memoryBytes must be at least 0, got -1");
    assertThatThrownBy(() -> options(5, 6).withThreads(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads must be at least 1, got 0");
  }
}
