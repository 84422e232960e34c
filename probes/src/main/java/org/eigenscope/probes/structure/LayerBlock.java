package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.eigenscope.probes.linalg.DenseOperator;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.RandomVectors;
import org.eigenscope.probes.linalg.RitzPair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The block H of a layer's weights beside a Kronecker product K.
 *
 * @param largest largest eigenpairs of H, descending
 * @param error ‖K − H‖ / ‖H‖
 */
record LayerBlock(List<RitzPair> largest, DecouplingError error) {
  /** Rows that are multiplied at once. */
  private static final int ROWS = 64;

  /** Products for each eigenpair at most, where many are wanted: crowded ones take some tens. */
  private static final long MATVECS_PER_PAIR = 40;

  /**
   * Of what spectral norms alone need: their doubt, which the result shows, is far below their
   * message.
   */
  private static final double NORM_TOLERANCE = 1e-3;

  /**
   * Measures a block, as a dense matrix if it is small enough.
   *
   * @param kronecker the eigenpairs of K that lie along H's largest, for what is drawn
   */
  static LayerBlock of(
      LinearOperator block,
      INDArray outputHessian,
      INDArray autocorrelation,
      KroneckerPairs kronecker,
      LayerStructureOptions options) {
    return block.order() <= options.denseOrder()
        ? dense(block, Matrices.kronecker(outputHessian, autocorrelation), options)
        : iterated(block, outputHessian, autocorrelation, kronecker, options);
  }

  /**
   * Returns the largest eigenpairs of a block, descending: of its dense matrix if it is small
   * enough.
   *
   * @param count how many, at most the order
   */
  static List<RitzPair> largest(LinearOperator block, int count, LayerStructureOptions options) {
    if (block.order() <= options.denseOrder()) {
      INDArray matrix = matrix(block);
      return largest(matrix, DenseEigenpairs.of(matrix), count);
    }
    ExtremeEigenpairs.Options settings =
        ExtremeEigenpairs.Options.of(count, 0).withSeed(options.seed());
    return ExtremeEigenpairs.compute(
            block,
            settings.withMaxMatvecs(Math.max(settings.maxMatvecs(), MATVECS_PER_PAIR * count)))
        .largest();
  }

  /** Returns the vectors of pairs as rows, DOUBLE [k, n]. */
  static INDArray rows(List<RitzPair> pairs) {
    INDArray rows =
        Nd4j.createUninitialized(DataType.DOUBLE, pairs.size(), pairs.get(0).vector().length());
    for (int i = 0; i < pairs.size(); i++) {
      rows.putRow(i, pairs.get(i).vector().castTo(DataType.DOUBLE));
    }
    return rows;
  }

  private static int count(LinearOperator block, LayerStructureOptions options) {
    return (int) Math.min(options.top(), block.order());
  }

  private static LayerBlock dense(
      LinearOperator block, INDArray kronecker, LayerStructureOptions options) {
    INDArray matrix = matrix(block);
    DenseEigenpairs all = DenseEigenpairs.of(matrix);
    INDArray difference = kronecker.sub(matrix);
    double frobenius = Math.sqrt(Matrices.squaredNorm(difference) / Matrices.squaredNorm(matrix));
    return new LayerBlock(
        largest(matrix, all, count(block, options)),
        new DecouplingError(
            Estimate.exact(DenseEigenpairs.of(difference).norm() / all.norm()),
            Estimate.exact(frobenius)));
  }

  private static List<RitzPair> largest(INDArray matrix, DenseEigenpairs all, int count) {
    INDArray vectors = first(all.vectors(), count);
    INDArray products = vectors.mmul(matrix);
    List<RitzPair> largest = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      INDArray vector = vectors.getRow(i, true).dup();
      INDArray defect = products.getRow(i, true).sub(vector.mul(all.value(i)));
      double residual = Math.sqrt(Matrices.squaredNorm(defect));
      largest.add(new RitzPair(all.value(i), vector.reshape(vector.length()), residual));
    }
    return largest;
  }

  private static INDArray first(INDArray rows, int count) {
    return rows.get(NDArrayIndex.interval(0, count), NDArrayIndex.all());
  }

  private static INDArray matrix(LinearOperator block) {
    INDArray matrix = Nd4j.createUninitialized(DataType.DOUBLE, block.order(), block.order());
    for (long from = 0; from < block.order(); from += ROWS) {
      long count = Math.min(ROWS, block.order() - from);
      INDArray unit = Nd4j.create(block.dataType(), count, block.order());
      for (long i = 0; i < count; i++) {
        unit.putScalar(i, from + i, 1);
      }
      matrix
          .get(NDArrayIndex.interval(from, from + count), NDArrayIndex.all())
          .assign(block.apply(unit));
    }
    return matrix;
  }

  private static LayerBlock iterated(
      LinearOperator block,
      INDArray outputHessian,
      INDArray autocorrelation,
      KroneckerPairs kronecker,
      LayerStructureOptions options) {
    DataType type = block.dataType();
    LinearOperator product =
        DenseOperator.of(outputHessian.castTo(type))
            .kronecker(DenseOperator.of(autocorrelation.castTo(type)));
    List<RitzPair> largest = largest(block, count(block, options), options);
    ExtremeEigenpairs apart =
        ExtremeEigenpairs.compute(
            product.minus(block),
            ExtremeEigenpairs.Options.of(1, 1)
                .withRelativeTolerance(NORM_TOLERANCE)
                .withSeed(options.seed()));
    ExtremeEigenpairs low =
        ExtremeEigenpairs.compute(
            block,
            ExtremeEigenpairs.Options.of(0, 1)
                .withRelativeTolerance(NORM_TOLERANCE)
                .withSeed(options.seed()));
    RitzPair norm = furthest(largest.get(0), low.smallest().get(0));
    RitzPair distance = furthest(apart.largest().get(0), apart.smallest().get(0));
    double scale = Math.abs(norm.value());
    double ratio = Math.abs(distance.value()) / scale;
    Estimate spectral =
        new Estimate(ratio, (distance.residualNorm() + ratio * norm.residualNorm()) / scale);
    INDArray known =
        Nd4j.concat(0, rows(largest), apart.vectors().castTo(DataType.DOUBLE), kronecker.vectors());
    return new LayerBlock(
        largest,
        new DecouplingError(
            spectral, frobenius(block, product, Matrices.orthonormal(known), options)));
  }

  /** Returns the eigenpair of the larger absolute value. */
  private static RitzPair furthest(RitzPair high, RitzPair low) {
    return Math.abs(high.value()) >= Math.abs(low.value()) ? high : low;
  }

  /**
   * Estimates ‖K − H‖_F / ‖H‖_F: ‖A‖²_F = tr A² is exact on a subspace, where most of it is, and
   * from random signs on its complement (Meyer, Musco, Musco and Woodruff 2021, "Hutch++: Optimal
   * Stochastic Trace Estimation", SOSA, algorithm 1).
   *
   * @param basis orthonormal rows of that subspace
   */
  private static Estimate frobenius(
      LinearOperator block, LinearOperator product, INDArray basis, LayerStructureOptions options) {
    DataType type = block.dataType();
    INDArray known = basis.castTo(type);
    INDArray images = block.apply(known);
    double whole = Matrices.squaredNorm(images);
    double apart = Matrices.squaredNorm(product.apply(known).sub(images));
    int draws = options.draws();
    INDArray signs =
        new RandomVectors(RandomVectors.Distribution.RADEMACHER, options.seed())
            .next(draws, block.order(), type)
            .muli(Math.sqrt((double) block.order()));
    INDArray outside = signs.sub(signs.mmul(known.transpose()).mmul(known));
    INDArray products = block.apply(outside);
    double[] wholes = Matrices.squaredNorms(products);
    double[] differences = Matrices.squaredNorms(product.apply(outside).subi(products));
    for (int i = 0; i < draws; i++) {
      whole += wholes[i] / draws;
      apart += differences[i] / draws;
    }
    double ratio = Math.sqrt(apart / whole);
    // The ratio's change with those of its parts, to first order.
    double[] changes = new double[draws];
    double mean = 0;
    for (int i = 0; i < draws; i++) {
      changes[i] = ratio / 2 * (differences[i] / apart - wholes[i] / whole);
      mean += changes[i] / draws;
    }
    double squares = 0;
    for (double change : changes) {
      squares += (change - mean) * (change - mean);
    }
    double standardError = Math.sqrt(squares / (draws - 1) / draws);
    return new Estimate(ratio, Double.isNaN(standardError) ? 0 : standardError);
  }
}
