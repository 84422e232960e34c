package org.eigenscope.probes.curvature;

import org.nd4j.linalg.api.buffer.DataType;

/** The floating-point type of an operator's vectors. */
public enum Precision {
  /** 32 bits. */
  FLOAT(DataType.FLOAT),
  /** 64 bits. */
  DOUBLE(DataType.DOUBLE);

  private final DataType dataType;

  Precision(DataType dataType) {
    this.dataType = dataType;
  }

  /** Returns ND4J's name of the type. */
  public DataType dataType() {
    return dataType;
  }
}
