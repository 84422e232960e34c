package org.eigenscope.probes.curvature.difference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PiecewiseFunctionTest {

  static Stream<IActivation> activations() {
    return Stream.of(
        new ActivationReLU(),
        new ActivationReLU(2.0, null, null),
        new ActivationReLU(null, null, 0.2),
        new ActivationReLU(2.0, null, 0.2),
        new ActivationReLU(null, 0.5, 0.2),
        new ActivationReLU6(),
        new ActivationLReLU(0.1),
        new ActivationHardTanH(),
        new ActivationHardSigmoid(),
        new ActivationThresholdedReLU(0.5),
        new ActivationELU(),
        new ActivationSELU(),
        new ActivationRectifiedTanh());
  }

  /** Exactly on the kinks too, where a derivative is a matter of choice. */
  @ParameterizedTest
  @MethodSource("activations")
  void valuesAndDerivativesAreThoseOfDeeplearning4j(IActivation activation) {
    PiecewiseFunction function = PiecewiseFunction.of(activation);
    assertThat(function).isNotNull();
    INDArray points =
        Nd4j.createFromArray(
            -900.0, -3, -2.5, -1, -0.4, -1e-300, -0.0, 0, 1e-300, 0.3, 0.5, 1, 2, 2.5, 5, 6, 900);
    INDArray values = function.value(points, function.regions(points));
    INDArray expected = activation.getActivation(points.dup(), false);
    INDArray derivatives = function.derivative(points, function.regions(points));
    INDArray slopes = activation.backprop(points.dup(), points.ulike().assign(1)).getFirst();
    // Deeplearning4j rounds some constants to 32 bits.
    for (int i = 0; i < points.length(); i++) {
      assertThat(values.getDouble(i))
          .as("value at %s", points.getDouble(i))
          .isCloseTo(expected.getDouble(i), within(1e-8));
      assertThat(derivatives.getDouble(i))
          .as("derivative at %s", points.getDouble(i))
          .isCloseTo(slopes.getDouble(i), within(1e-8));
    }
  }

  @Test
  void heldPiecesContinueBeyondTheirRegion() {
    PiecewiseFunction function = PiecewiseFunction.of(new ActivationReLU6());
    INDArray home = Nd4j.createFromArray(-1.0, 3, 8);
    INDArray moved = Nd4j.createFromArray(2.0, -1, 3);
    INDArray values = function.value(moved, function.regions(home));
    assertThat(values.toDoubleVector()).containsExactly(0, -1, 6);
  }

  @Test
  void smoothFunctionsHaveNoPieces() {
    assertThat(PiecewiseFunction.of(new ActivationTanH())).isNull();
  }
}
