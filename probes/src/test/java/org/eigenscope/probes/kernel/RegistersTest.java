package org.eigenscope.probes.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegistersTest {
  /** Longer than what is there from the start, and no multiple of a vector's length. */
  private static final int COUNT = 1501;

  /** Multiples of 1/16 below 2: products and sums of a few are exact in both types. */
  private static double[] sixteenths(long seed) {
    return new SplittableRandom(seed).ints(COUNT, -32, 33).mapToDouble(i -> i / 16.0).toArray();
  }

  private static double[] stored(Registers registers, Elements elements, int r) {
    try (Tensor tensor = Tensor.allocate(elements, 1, COUNT)) {
      registers.store(r, tensor.address(0), COUNT);
      double[] numbers = new double[COUNT];
      tensor.read(0, numbers, 0, COUNT);
      return numbers;
    }
  }

  @ParameterizedTest
  @EnumSource(Elements.class)
  void computesElementByElement(Elements elements) {
    double[] a = sixteenths(1);
    double[] b = sixteenths(2);
    double[] c = sixteenths(3);
    Registers registers = Registers.ofThread(elements);
    try (Tensor memory = Tensor.allocate(elements, 1, COUNT)) {
      memory.write(0, a, 0, COUNT);
      registers.load(0, memory.address(0), COUNT);
    }
    registers.set(1, b, COUNT);
    registers.set(2, c, COUNT);
    registers.addProduct(0, 1, 2, COUNT);
    registers.fill(3, 0.5, COUNT);
    registers.multiply(1, 3, COUNT);
    registers.add(2, 3, COUNT);

    double[] expected0 = new double[COUNT];
    double[] expected1 = new double[COUNT];
    double[] expected2 = new double[COUNT];
    for (int i = 0; i < COUNT; i++) {
      expected0[i] = a[i] + b[i] * c[i];
      expected1[i] = b[i] * 0.5;
      expected2[i] = c[i] + 0.5;
    }
    assertThat(stored(registers, elements, 0)).isEqualTo(expected0);
    assertThat(stored(registers, elements, 1)).isEqualTo(expected1);
    assertThat(stored(registers, elements, 2)).isEqualTo(expected2);
  }

  @ParameterizedTest
  @EnumSource(Elements.class)
  void drainsIntoSums(Elements elements) {
    double[] a = sixteenths(4);
    double[] sums = sixteenths(5);
    double[] expected = sums.clone();
    Arrays.setAll(expected, i -> expected[i] + a[i]);
    Registers registers = Registers.ofThread(elements);
    registers.set(4, a, COUNT);
    registers.drain(4, sums, COUNT);
    assertThat(sums).isEqualTo(expected);
    assertThat(stored(registers, elements, 4)).containsOnly(0);
  }
}
