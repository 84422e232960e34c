package org.eigenscope.benchmarks.libtorch;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.empty;
import static org.bytedeco.pytorch.global.torch.linalg_eigh;
import static org.bytedeco.pytorch.global.torch.randn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Nodes and weights of a spectral density from one random vector.
 *
 * <p>The Lanczos process in float32 with full re-orthogonalisation, in plain libtorch: the
 * three-term recurrence, then one Gram–Schmidt step against all vectors so far (Ghorbani, Krishnan
 * and Xiao 2019, "An Investigation into Neural Net Optimization via Hessian Eigenvalue Density",
 * algorithm 1).
 */
record Quadrature(double[] nodes, double[] weights) {

  /**
   * @param product the Hessian's product with a vector of the parameters' shapes
   */
  @SuppressWarnings("try") // the scope itself is the use
  static Quadrature draw(UnaryOperator<TensorVector> product, List<Tensor> parameters, int steps) {
    long[] sizes = parameters.stream().mapToLong(Tensor::numel).toArray();
    double[] alpha = new double[steps];
    double[] beta = new double[steps];
    try (PointerScope scope = new PointerScope()) {
      Tensor basis = empty(steps, parameters.stream().mapToLong(Tensor::numel).sum());
      Tensor start = randn(basis.size(1));
      basis.get(0).copy_(start.div_(start.norm()));
      for (int i = 0; i < steps; i++) {
        try (PointerScope step = new PointerScope()) {
          Tensor vector = basis.get(i);
          Tensor rest = flat(product.apply(shaped(vector.split(sizes), parameters)));
          if (i > 0) {
            rest.sub_(basis.get(i - 1), new Scalar(beta[i - 1]));
          }
          alpha[i] = rest.dot(vector).item_float();
          rest.sub_(vector, new Scalar(alpha[i]));
          Tensor known = basis.narrow(0, 0, i + 1L);
          rest.addmv_(known.t(), known.mv(rest), new Scalar(1.0), new Scalar(-1.0));
          beta[i] = rest.norm().item_float();
          if (i + 1 < steps) {
            basis.get(i + 1).copy_(rest.div_(new Scalar(beta[i])));
          }
        }
      }
      return of(alpha, beta);
    }
  }

  private static TensorVector shaped(TensorVector parts, List<Tensor> parameters) {
    TensorVector shaped = new TensorVector();
    for (int i = 0; i < parameters.size(); i++) {
      shaped.push_back(parts.get(i).view_as(parameters.get(i)));
    }
    return shaped;
  }

  private static Tensor flat(TensorVector parts) {
    List<Tensor> rows = new ArrayList<>();
    for (long i = 0; i < parts.size(); i++) {
      rows.add(parts.get(i).reshape(-1));
    }
    return cat(CachedGraph.vector(rows));
  }

  /** Returns the rule of a tridiagonal matrix (Golub and Welsch 1969). */
  private static Quadrature of(double[] alpha, double[] beta) {
    int n = alpha.length;
    double[] matrix = new double[n * n];
    for (int i = 0; i < n; i++) {
      matrix[i * n + i] = alpha[i];
      if (i + 1 < n) {
        matrix[i * n + i + 1] = beta[i];
        matrix[(i + 1) * n + i] = beta[i];
      }
    }
    T_TensorTensor_T eigen = linalg_eigh(Tensor.create(matrix, n, n));
    double[] nodes = new double[n];
    double[] weights = new double[n];
    for (int i = 0; i < n; i++) {
      nodes[i] = eigen.get0().get(i).item_double();
      double first = eigen.get1().get(0).get(i).item_double();
      weights[i] = first * first;
    }
    return new Quadrature(nodes, weights);
  }
}
