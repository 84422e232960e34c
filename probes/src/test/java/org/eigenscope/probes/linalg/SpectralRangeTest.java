package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SpectralRangeTest {

  @Test
  void widensBothEndsByAFractionOfItsWidth() {
    assertThat(new SpectralRange(-2, 6).widened(0.25)).isEqualTo(new SpectralRange(-4, 8));
    assertThat(new SpectralRange(3, 3).width()).isZero();
  }

  @Test
  void rejectsEndsOutOfOrderAndBadMargins() {
    assertThatThrownBy(() -> new SpectralRange(2, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a range needs finite ends with lower <= upper, got [2.0, 1.0]");
    assertThatThrownBy(() -> new SpectralRange(Double.NaN, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SpectralRange(0, 1).widened(-0.1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("margin must be finite and >= 0, got -0.1");
  }
}
