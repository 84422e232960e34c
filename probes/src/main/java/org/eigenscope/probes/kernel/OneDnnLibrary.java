package org.eigenscope.probes.kernel;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether oneDNN, an optional dependency, can be used here. */
final class OneDnnLibrary {
  private static final Logger LOG = LoggerFactory.getLogger(OneDnnLibrary.class);
  private static final boolean AVAILABLE = load();

  private OneDnnLibrary() {}

  private static boolean load() {
    try {
      LOG.info("FLOAT products take {}", OneDnnKernels.version());
      return true;
    } catch (LinkageError | RuntimeException e) {
      LOG.info(
          "FLOAT products take BLAS; they are faster with org.bytedeco:dnnl and its natives on the"
              + " class path ({})",
          e.toString());
      return false;
    }
  }

  static boolean isAvailable() {
    return AVAILABLE;
  }
}
