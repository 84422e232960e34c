package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class NativeMemoryTest {
  private static final long SIZE = 1L << 26;
  private static final long SMALL = 1L << 20;

  @Test
  void countsArraysAndBuffersUntilTheyAreClosed() {
    long before = NativeMemory.bytesInUse();
    long most =
        NativeMemory.mostBytes(
            () -> {
              try (INDArray array = Nd4j.createUninitialized(DataType.INT8, SIZE);
                  BytePointer buffer = new BytePointer(SIZE)) {
                assertThat(NativeMemory.bytesInUse() - before)
                    .isBetween(array.length() + buffer.capacity(), 2 * SIZE + SMALL);
              }
            });

    assertThat(most - before).isBetween(2 * SIZE, 2 * SIZE + SMALL);
    assertThat(NativeMemory.bytesInUse() - before).isLessThan(SMALL);
  }
}
