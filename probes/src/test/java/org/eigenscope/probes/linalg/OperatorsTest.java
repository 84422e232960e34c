package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class OperatorsTest {
  private static final double[][] A = Matrices.random(1, 7);
  private static final double[][] B = Matrices.random(2, 7);

  private static DenseOperator one(double value) {
    return Matrices.dense(new double[][] {{value}});
  }

  private static double[][] combine(java.util.function.DoubleBinaryOperator operation) {
    return IntStream.range(0, 7)
        .mapToObj(
            i ->
                IntStream.range(0, 7)
                    .mapToDouble(j -> operation.applyAsDouble(A[i][j], B[i][j]))
                    .toArray())
        .toArray(double[][]::new);
  }

  @Nested
  class Dense extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.dense(A);
    }

    @Override
    double[][] oracle() {
      return A;
    }

    @Override
    LinearOperator ofOrderOne() {
      return one(3);
    }

    @Test
    void keepsNoReferenceToTheArray() {
      INDArray array = Nd4j.createFromArray(A);
      DenseOperator operator = DenseOperator.of(array);
      array.assign(0);
      assertThat(operator.apply(Nd4j.ones(DataType.DOUBLE, 1, 7)).amaxNumber().doubleValue())
          .isGreaterThan(0);
    }

    @Test
    void rejectsAMatrixThatIsNotSymmetric() {
      assertThatThrownBy(() -> Matrices.dense(new double[][] {{1, 2}, {2.5, 1}}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "matrix must be symmetric: max|A − Aᵀ| must be at most 2.2e-15·max|A|, got 5.0e-01 with max|A| = 2.5e+00");
    }

    @Test
    void rejectsAMatrixThatIsNotSquare() {
      assertThatThrownBy(() -> DenseOperator.of(Nd4j.create(DataType.DOUBLE, 2, 3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("matrix must be square, got shape [2, 3]");
    }

    @Test
    void rejectsNaN() {
      assertThatThrownBy(() -> one(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void rejectsIntegers() {
      assertThatThrownBy(() -> DenseOperator.of(Nd4j.create(DataType.INT32, 2, 2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("matrix must be FLOAT or DOUBLE, got INT");
    }
  }

  @Nested
  class DenseFloat extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.dense(DataType.FLOAT, A);
    }

    @Override
    double[][] oracle() {
      return A;
    }

    @Override
    LinearOperator ofOrderOne() {
      return Matrices.dense(DataType.FLOAT, new double[][] {{3}});
    }
  }

  @Nested
  class Diagonal extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.diagonal(4, -1, 0);
    }

    @Override
    double[][] oracle() {
      return new double[][] {{4, 0, 0}, {0, -1, 0}, {0, 0, 0}};
    }

    @Override
    LinearOperator ofOrderOne() {
      return Matrices.diagonal(2);
    }

    @Test
    void rejectsAMatrix() {
      assertThatThrownBy(() -> DiagonalOperator.of(Nd4j.create(DataType.DOUBLE, 2, 2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("diagonal must have rank 1, got shape [2, 2]");
    }
  }

  @Nested
  class LowRank extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return LowRankOperator.of(Nd4j.createFromArray(new double[][] {{1, 2, 0}, {0, 1, -3}}));
    }

    @Override
    double[][] oracle() {
      return new double[][] {{1, 2, 0}, {2, 5, -3}, {0, -3, 9}};
    }

    @Override
    LinearOperator ofOrderOne() {
      return LowRankOperator.of(Nd4j.createFromArray(new double[][] {{3}}));
    }

    @Test
    void keepsACopyOfItsRows() {
      INDArray rows = Nd4j.createFromArray(new double[][] {{1, 2, 0}, {0, 1, -3}});
      LinearOperator operator = LowRankOperator.of(rows);
      INDArray before = operator.apply(Nd4j.eye(3).castTo(DataType.DOUBLE));
      rows.assign(7);
      assertThat(operator.apply(Nd4j.eye(3).castTo(DataType.DOUBLE))).isEqualTo(before);
    }
  }

  @Nested
  class Sum extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.dense(A).plus(Matrices.dense(B));
    }

    @Override
    double[][] oracle() {
      return combine(Double::sum);
    }

    @Override
    LinearOperator ofOrderOne() {
      return one(1).plus(one(2));
    }

    @Test
    void rejectsOperatorsOfDifferentOrder() {
      assertThatThrownBy(() -> Matrices.dense(A).plus(one(1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("operators must have one order and type, got 7 DOUBLE and 1 DOUBLE");
    }
  }

  @Nested
  class Difference extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.dense(A).minus(Matrices.dense(B));
    }

    @Override
    double[][] oracle() {
      return combine((a, b) -> a - b);
    }

    @Override
    LinearOperator ofOrderOne() {
      return one(1).minus(one(2));
    }
  }

  @Nested
  class ScaledAndShifted extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.dense(A).scaled(-2).shifted(0.5);
    }

    @Override
    double[][] oracle() {
      double[][] matrix = Matrices.scaled(A, -2);
      for (int i = 0; i < 7; i++) {
        matrix[i][i] += 0.5;
      }
      return matrix;
    }

    @Override
    LinearOperator ofOrderOne() {
      return one(1).scaled(3).shifted(1);
    }

    @Test
    void rejectsAFactorThatIsNotFinite() {
      assertThatThrownBy(() -> one(1).scaled(Double.NaN))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("factor and shift must be finite, got NaN and 0.0");
    }
  }

  @Nested
  class Deflated extends LinearOperatorContract {
    private final INDArray vectors = Nd4j.eye(7).castTo(DataType.DOUBLE);

    @Override
    LinearOperator operator() {
      return Matrices.dense(A)
          .deflated(
              List.of(
                  new RitzPair(2, vectors.getRow(1), 0), new RitzPair(-3, vectors.getRow(4), 0)));
    }

    @Override
    double[][] oracle() {
      double[][] matrix = Matrices.scaled(A, 1);
      matrix[1][1] -= 2;
      matrix[4][4] += 3;
      return matrix;
    }

    @Override
    LinearOperator ofOrderOne() {
      return one(5).deflated(List.of(new RitzPair(5, Matrices.array(1), 0)));
    }

    @Test
    void rejectsAPairOfTheWrongLength() {
      assertThatThrownBy(() -> one(5).deflated(List.of(new RitzPair(5, Matrices.array(1, 0), 0))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("block has 2 columns but the operator has order 1");
    }

    @Test
    void rejectsNoPairs() {
      assertThatThrownBy(() -> one(5).deflated(List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("deflation needs at least one pair, got none");
    }
  }

  @Nested
  class ProjectedOut extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      INDArray basis = Nd4j.create(DataType.DOUBLE, 2, 7);
      basis.putScalar(0, 3, 1);
      basis.putScalar(1, 5, 1);
      return Matrices.dense(A).projectedOut(basis);
    }

    @Override
    double[][] oracle() {
      double[][] matrix = Matrices.scaled(A, 1);
      for (int i = 0; i < 7; i++) {
        for (int k : new int[] {3, 5}) {
          matrix[i][k] = 0;
          matrix[k][i] = 0;
        }
      }
      return matrix;
    }

    @Override
    LinearOperator ofOrderOne() {
      return one(5).projectedOut(Nd4j.ones(DataType.DOUBLE, 1, 1));
    }
  }

  @Nested
  class RestrictedToARange extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.dense(A).restricted(2, 6);
    }

    @Override
    double[][] oracle() {
      return principal(2, 3, 4, 5);
    }

    @Override
    LinearOperator ofOrderOne() {
      return Matrices.dense(A).restricted(3, 4);
    }

    @Test
    void rejectsARangeOutsideTheOperator() {
      assertThatThrownBy(() -> Matrices.dense(A).restricted(3, 8))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a range of coordinates must satisfy 0 <= from < to <= the operator's order 7, got [3, 8)");
    }
  }

  @Nested
  class RestrictedToCoordinates extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return Matrices.dense(A).restricted(new long[] {0, 2, 3, 6});
    }

    @Override
    double[][] oracle() {
      return principal(0, 2, 3, 6);
    }

    @Override
    LinearOperator ofOrderOne() {
      return Matrices.dense(A).restricted(new long[] {6});
    }

    @Test
    void rejectsCoordinatesThatDoNotAscend() {
      assertThatThrownBy(() -> Matrices.dense(A).restricted(new long[] {1, 3, 3}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("coordinates must strictly ascend, got 3 after 3 at 2");
    }

    @Test
    void rejectsCoordinatesOutsideTheOperator() {
      assertThatThrownBy(() -> Matrices.dense(A).restricted(new long[] {1, 7}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("coordinates must be between 0 and 6, got 7 at 1");
    }

    @Test
    void rejectsNoCoordinates() {
      assertThatThrownBy(() -> Matrices.dense(A).restricted(new long[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a restriction needs at least one coordinate, got none");
    }
  }

  private static double[][] principal(int... coordinates) {
    double[][] matrix = new double[coordinates.length][coordinates.length];
    for (int i = 0; i < coordinates.length; i++) {
      for (int j = 0; j < coordinates.length; j++) {
        matrix[i][j] = A[coordinates[i]][coordinates[j]];
      }
    }
    return matrix;
  }

  @Nested
  class Kronecker extends LinearOperatorContract {
    private final double[][] left = Matrices.random(3, 3);
    private final double[][] right = Matrices.random(4, 5);

    @Override
    LinearOperator operator() {
      return Matrices.dense(left).kronecker(Matrices.dense(right));
    }

    @Override
    double[][] oracle() {
      double[][] matrix = new double[15][15];
      for (int i = 0; i < 15; i++) {
        for (int j = 0; j < 15; j++) {
          matrix[i][j] = left[i / 5][j / 5] * right[i % 5][j % 5];
        }
      }
      return matrix;
    }

    @Override
    LinearOperator ofOrderOne() {
      return one(2).kronecker(one(3));
    }

    @Test
    void hasTheProductsAsEigenvalues() {
      double[] a = JacobiEigenvalues.of(left);
      double[] b = JacobiEigenvalues.of(right);
      double[] products = Matrices.values(15, i -> a[i / 5] * b[i % 5]);
      assertThat(JacobiEigenvalues.of(operatorMatrix(operator())))
          .containsExactly(Matrices.ascending(products), within(1e-12));
    }

    @Test
    void rejectsOperatorsOfDifferentTypes() {
      LinearOperator wide = one(1);
      LinearOperator narrow = Matrices.diagonal(DataType.FLOAT, 1);
      assertThatThrownBy(() -> wide.kronecker(narrow))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("operators must have one type, got DOUBLE and FLOAT");
    }
  }

  private static double[][] operatorMatrix(LinearOperator operator) {
    return operator.apply(Nd4j.eye(operator.order()).castTo(DataType.DOUBLE)).toDoubleMatrix();
  }

  @Nested
  class Counting extends LinearOperatorContract {
    @Override
    LinearOperator operator() {
      return CountingOperator.of(Matrices.dense(A));
    }

    @Override
    double[][] oracle() {
      return A;
    }

    @Override
    LinearOperator ofOrderOne() {
      return CountingOperator.of(one(1));
    }

    @Test
    void countsVectorsAndBlocks() {
      CountingOperator operator = CountingOperator.of(Matrices.dense(A));
      var unused = operator.apply(Nd4j.ones(DataType.DOUBLE, 3, 7));
      unused = operator.apply(Nd4j.ones(DataType.DOUBLE, 2, 7));
      assertThat(operator.matvecs()).isEqualTo(5);
      assertThat(operator.blocks()).isEqualTo(2);
    }

    @Test
    void doesNotCountARejectedBlock() {
      CountingOperator operator = CountingOperator.of(Matrices.dense(A));
      assertThatThrownBy(() -> operator.apply(Nd4j.ones(DataType.DOUBLE, 3, 6)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(operator.matvecs()).isZero();
    }
  }
}
