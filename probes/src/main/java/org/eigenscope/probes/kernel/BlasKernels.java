package org.eigenscope.probes.kernel;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dgemm;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dgemv;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemv;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.nd4j.linalg.api.buffer.DataType;

/** Kernels over the CBLAS that ND4J uses; convolutions unfold their input and multiply matrices. */
final class BlasKernels implements Kernels {
  private final Elements elements;
  private final Queue<Tensor> owned = new ConcurrentLinkedQueue<>();

  BlasKernels(Elements elements) {
    this.elements = elements;
  }

  @Override
  public DataType type() {
    return elements.type();
  }

  Elements elements() {
    return elements;
  }

  @Override
  public String library() {
    return "BLAS";
  }

  @Override
  public void enterThread() {
    // The number of BLAS's threads is a setting of the whole process, so it is left alone.
  }

  @Override
  public void multiply(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      double alpha,
      long a,
      long strideA,
      long b,
      long strideB,
      double beta,
      long c,
      long strideC) {
    if (n == 1) {
      // Libraries read a matrix faster for one vector when they are told that it is one.
      long rows = transposeA ? k : m;
      long columns = transposeA ? m : k;
      long step = transposeB ? 1 : strideB;
      multiply(transposeA, rows, columns, alpha, a, strideA, b, step, beta, c, strideC);
      return;
    }
    if (m == 1) {
      long rows = transposeB ? n : k;
      long columns = transposeB ? k : n;
      long step = transposeA ? strideA : 1;
      multiply(!transposeB, rows, columns, alpha, b, strideB, a, step, beta, c, 1);
      return;
    }
    Cursors cursors = Cursors.ofThread();
    int opA = transposeA ? CblasTrans : CblasNoTrans;
    int opB = transposeB ? CblasTrans : CblasNoTrans;
    int rows = Math.toIntExact(m);
    int columns = Math.toIntExact(n);
    int inner = Math.toIntExact(k);
    int lda = Math.toIntExact(strideA);
    int ldb = Math.toIntExact(strideB);
    int ldc = Math.toIntExact(strideC);
    if (elements == Elements.DOUBLE) {
      cblas_dgemm(
          CblasRowMajor,
          opA,
          opB,
          rows,
          columns,
          inner,
          alpha,
          cursors.toDoubles(0, a),
          lda,
          cursors.toDoubles(1, b),
          ldb,
          beta,
          cursors.toDoubles(2, c),
          ldc);
    } else {
      cblas_sgemm(
          CblasRowMajor,
          opA,
          opB,
          rows,
          columns,
          inner,
          (float) alpha,
          cursors.toFloats(0, a),
          lda,
          cursors.toFloats(1, b),
          ldb,
          (float) beta,
          cursors.toFloats(2, c),
          ldc);
    }
  }

  /** Computes y = alpha op(A) x + beta y, with A stored as rows × columns. */
  private void multiply(
      boolean transpose,
      long rows,
      long columns,
      double alpha,
      long a,
      long strideA,
      long x,
      long strideX,
      double beta,
      long y,
      long strideY) {
    Cursors cursors = Cursors.ofThread();
    int op = transpose ? CblasTrans : CblasNoTrans;
    if (elements == Elements.DOUBLE) {
      cblas_dgemv(
          CblasRowMajor,
          op,
          Math.toIntExact(rows),
          Math.toIntExact(columns),
          alpha,
          cursors.toDoubles(0, a),
          Math.toIntExact(strideA),
          cursors.toDoubles(1, x),
          Math.toIntExact(strideX),
          beta,
          cursors.toDoubles(2, y),
          Math.toIntExact(strideY));
    } else {
      cblas_sgemv(
          CblasRowMajor,
          op,
          Math.toIntExact(rows),
          Math.toIntExact(columns),
          (float) alpha,
          cursors.toFloats(0, a),
          Math.toIntExact(strideA),
          cursors.toFloats(1, x),
          Math.toIntExact(strideX),
          (float) beta,
          cursors.toFloats(2, y),
          Math.toIntExact(strideY));
    }
  }

  @Override
  public Convolution convolution(ConvolutionShape shape) {
    return new UnfoldedConvolution(this, shape);
  }

  /** Allocates a row that lives as long as these kernels. */
  Tensor allocate(int length) {
    Tensor tensor = Tensor.allocate(elements, 1, length);
    owned.add(tensor);
    return tensor;
  }

  @Override
  public void close() {
    for (Tensor tensor = owned.poll(); tensor != null; tensor = owned.poll()) {
      tensor.close();
    }
  }
}
