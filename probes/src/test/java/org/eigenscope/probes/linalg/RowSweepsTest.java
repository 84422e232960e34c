package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.eigenscope.probes.kernel.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against ND4J's products in DOUBLE; a stack of 37 rows lies in three slabs. */
class RowSweepsTest {
  private static final int STACKED = 37;
  private static final int ROWS = 3;

  private static INDArray random(DataType type, int rows, int order, long seed) {
    return new RandomVectors(RandomVectors.Distribution.GAUSSIAN, seed).next(rows, order, type);
  }

  /** Rounding of sums of some thousand products of numbers around one. */
  private static double rounding(DataType type, int order) {
    return 20 * Math.sqrt(order) * Vectors.unitRoundoff(type);
  }

  private static void assertClose(INDArray actual, INDArray expected, double tolerance) {
    assertThat(actual.castTo(DataType.DOUBLE).sub(expected).amaxNumber().doubleValue())
        .isLessThanOrEqualTo(tolerance);
  }

  @ParameterizedTest
  @CsvSource({"DOUBLE, 1, 1", "DOUBLE, 700, 1", "FLOAT, 700, 3", "FLOAT, 70000, 2"})
  void productsAndCombinationsAreThoseOfMatrices(DataType type, int order, int threads) {
    INDArray stacked = random(type, STACKED, order, 1);
    INDArray block = random(type, ROWS, order, 2);
    INDArray v = stacked.castTo(DataType.DOUBLE);
    INDArray b = block.dup().castTo(DataType.DOUBLE);
    double[][] coefficients = random(DataType.DOUBLE, ROWS, STACKED, 3).toDoubleMatrix();
    INDArray c = Nd4j.createFromArray(coefficients);
    double tolerance = rounding(type, Math.max(order, STACKED));
    try (RowSweeps sweeps = new RowSweeps(type, order, threads);
        RowStack stack = sweeps.stack(STACKED)) {
      stack.append(stacked);
      Tensor rows = Tensor.sharing(block, ROWS);

      assertClose(
          Nd4j.createFromArray(sweeps.products(rows, 2, stack.rows())),
          b.mmul(v.transpose()).getRows(0, 1),
          tolerance);
      assertClose(Nd4j.createFromArray(sweeps.dots(rows, rows)), b.mul(b).sum(1), tolerance);
      sweeps.combine(coefficients, stack.rows(), true, rows);
      INDArray sum = c.mmul(v).add(b);
      assertClose(block, sum, tolerance);
      sweeps.combine(coefficients, stack.rows(), false, rows);
      assertClose(block, c.mmul(v), tolerance);
      sweeps.rotate(coefficients, stack.rows());
      stack.truncate(ROWS);
      assertClose(stack.last(ROWS), c.mmul(v), tolerance);
    }
  }

  @ParameterizedTest
  @CsvSource({"DOUBLE, 700, 1", "FLOAT, 700, 1", "FLOAT, 70000, 2"})
  void whatIsLeftIsOrthogonalHoweverLittleItIs(DataType type, int order, int threads) {
    try (RowSweeps sweeps = new RowSweeps(type, order, threads);
        RowStack stack = sweeps.stack(STACKED)) {
      INDArray basis = random(type, STACKED, order, 4);
      for (int i = 0; i < STACKED; i++) {
        INDArray row = basis.getRow(i).dup().reshape(1, order);
        Tensor one = Tensor.sharing(row, 1);
        sweeps.scale(one, 0, new double[] {1 / sweeps.norms(one)[0]});
        double left = sweeps.orthogonalize(one, 0, 1, stack.rows())[0];
        sweeps.scale(one, 0, new double[] {1 / left});
        stack.append(row);
      }
      // The second lies in the basis but for a thousandth.
      INDArray block = random(type, 2, order, 5);
      block.getRow(1).muli(1e-3 / Vectors.norm(block.getRow(1))).addi(stack.last(1).getRow(0));
      Tensor rows = Tensor.sharing(block, 2);
      double[] norms = sweeps.norms(rows);
      sweeps.scale(rows, 0, new double[] {1 / norms[0], 1 / norms[1]});
      double[] left = sweeps.orthogonalize(rows, 0, 2, stack.rows());

      double expected = Math.sqrt(1 - (double) STACKED / order);
      assertThat(left[0]).isCloseTo(expected, within(4 / Math.sqrt(order)));
      assertThat(left[1]).isCloseTo(1e-3 * expected, within(1e-3 * 4 / Math.sqrt(order)));
      double[][] components = sweeps.products(rows, 2, stack.rows());
      double roundoff = Vectors.unitRoundoff(type);
      for (int i = 0; i < STACKED; i++) {
        assertThat(components[0][i]).isCloseTo(0, within(20 * roundoff));
        assertThat(components[1][i]).isCloseTo(0, within(20 * roundoff));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"DOUBLE, 1e-200", "DOUBLE, 1e200", "DOUBLE, 0", "FLOAT, 1e-38", "FLOAT, 1e38"})
  void normsNeitherOverflowNorUnderflow(DataType type, double magnitude) {
    INDArray block = Nd4j.valueArrayOf(new long[] {1, 9}, magnitude, type);
    try (RowSweeps sweeps = new RowSweeps(type, 9, 1)) {
      assertThat(sweeps.norms(Tensor.sharing(block, 1))[0])
          .isCloseTo(3 * magnitude, within(1e-6 * magnitude));
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "4"})
  void theSameThreadsGiveTheSameBits(int threads) {
    INDArray block = random(DataType.FLOAT, ROWS, 200_000, 6);
    Tensor rows = Tensor.sharing(block, ROWS);
    List<RowStack.Rows> others = List.of(RowStack.Rows.of(rows, 0, ROWS));
    try (RowSweeps sweeps = new RowSweeps(DataType.FLOAT, 200_000, threads)) {
      assertThat(sweeps.products(rows, ROWS, others))
          .isDeepEqualTo(sweeps.products(rows, ROWS, others));
    }
  }
}
