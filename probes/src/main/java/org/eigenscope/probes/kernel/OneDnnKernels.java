package org.eigenscope.probes.kernel;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.nativeblas.NativeOpsHolder;

/** FLOAT kernels over oneDNN. */
final class OneDnnKernels implements Kernels {
  private final engine cpu = new engine(engine.kind.cpu, 0);
  private final Queue<Pointer> owned = new ConcurrentLinkedQueue<>();

  /** Returns name and version of the library, whose natives are loaded by this. */
  static String version() {
    dnnl_version_t version = dnnl.dnnl_version();
    return "oneDNN %d.%d.%d".formatted(version.major(), version.minor(), version.patch());
  }

  @Override
  public DataType type() {
    return DataType.FLOAT;
  }

  @Override
  public String library() {
    return version();
  }

  @Override
  public void enterThread() {
    // OpenMP keeps this number for each thread: the calling one works alone, others as before.
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
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
    Cursors cursors = Cursors.ofThread();
    int status =
        dnnl.dnnl_sgemm(
            (byte) (transposeA ? 'T' : 'N'),
            (byte) (transposeB ? 'T' : 'N'),
            m,
            n,
            k,
            (float) alpha,
            cursors.toFloats(0, a),
            strideA,
            cursors.toFloats(1, b),
            strideB,
            (float) beta,
            cursors.toFloats(2, c),
            strideC);
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException("oneDNN's matrix product failed with status " + status);
    }
  }

  @Override
  public Convolution convolution(ConvolutionShape shape) {
    return new OneDnnConvolution(this, shape);
  }

  engine engine() {
    return cpu;
  }

  /** Takes over a native object, which then lives as long as these kernels. */
  <P extends Pointer> P own(P pointer) {
    owned.add(pointer);
    return pointer;
  }

  @Override
  public void close() {
    for (Pointer pointer = owned.poll(); pointer != null; pointer = owned.poll()) {
      pointer.close();
    }
    cpu.close();
  }
}
