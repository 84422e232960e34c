package org.eigenscope.probes.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PacBayesBoundTest {
  private static final long MNIST = 60_000;

  @ParameterizedTest
  @CsvSource({"0.001", "0.1", "1", "5"})
  void theInverseOfNoErrorHasAClosedForm(double c) {
    assertThat(BernoulliDivergence.inverse(0, c)).isCloseTo(1 - Math.exp(-c), within(1e-15));
  }

  @ParameterizedTest
  @CsvSource({"0.03, 0.01", "0.03, 0.1", "0.5, 0.2", "0.9, 0.0001", "1e-12, 0.3"})
  void theInverseIsWhereTheDivergenceReachesIt(double q, double c) {
    double p = BernoulliDivergence.inverse(q, c);

    assertThat(p).isGreaterThan(q).isLessThan(1);
    assertThat(BernoulliDivergence.of(q, p)).isCloseTo(c, within(1e-13));
    assertThat(BernoulliDivergence.of(q, p)).isGreaterThanOrEqualTo(c);
  }

  @Test
  void theInverseOfNothingIsTheErrorItself() {
    assertThat(BernoulliDivergence.inverse(0.3, 0)).isEqualTo(0.3);
    assertThat(BernoulliDivergence.inverse(1, 0.2)).isEqualTo(1);
  }

  @Test
  void thePriorDoesNotDivergeFromItself() {
    double lambda = Math.exp(-6);
    GaussianDivergence same = new GaussianDivergence(7 * lambda, 7 * Math.log(lambda), 0, 7);

    assertThat(same.at(lambda)).isCloseTo(0, within(1e-13));
  }

  @Test
  void theDivergenceOfOneDimensionIsTheTextbooks() {
    // KL(N(a, s) || N(b, l)) = ln(sqrt(l/s)) + (s + (a - b)^2)/(2 l) - 1/2.
    GaussianDivergence one = new GaussianDivergence(0.25, Math.log(0.25), 9, 1);

    assertThat(one.at(4)).isCloseTo(Math.log(4) + 9.25 / 8 - 0.5, within(1e-15));
  }

  /**
   * Rows of table 1 of Dziugaite and Roy (arXiv 1703.11008): mean error of the stochastic network
   * on the 55,000 examples, KL, and the bound. Errors and bounds are rounded to a thousandth there,
   * and ϱ is not given: over all of its range it moves the bound by less than 3e-4. T-1200 and
   * T-600³ are left out, whose bounds, 0.179 and 0.201, are 0.005 above and below what their
   * columns give.
   */
  @ParameterizedTest
  @CsvSource({
    "T-600,   0.028, 5144, 0.161",
    "T-300²,  0.027, 5791, 0.170",
    "T-600²,  0.028, 6534, 0.186",
    "T-1200², 0.029, 8558, 0.223"
  })
  void reproducesAPublishedTable(String network, double error, double divergence, double bound) {
    double half = 5e-4;
    PacBayesBound ours = PacBayesBound.defaults();

    assertThat(bound)
        .as(network)
        .isBetween(
            ours.bound(divergence, error - half, -3, 55_000) - half,
            ours.bound(divergence, error + half, -3, 55_000) + half);
  }

  /** In the table's row R-600, of random labels, the bound is the difference alone, √(B/2). */
  @Test
  void reproducesThePublishedComplexityOfRandomLabels() {
    double complexity = PacBayesBound.defaults().complexity(201_131, -3, 55_000);

    assertThat(Math.sqrt(complexity / 2)).isCloseTo(1.352, within(5e-4));
  }

  /** A bound of Dziugaite and Roy's form, computed step by step as their section 3 writes it. */
  @Test
  void aBoundIsMadeOfItsParts() {
    PacBayesBound bound = PacBayesBound.defaults();
    double rho = Math.log(0.1) / 2 - 2.5; // λ = 0.1 e^-5: j = 500
    double complexity =
        (5000 + 2 * Math.log(500) + Math.log(Math.PI * Math.PI * MNIST / (6 * 0.025)))
            / (MNIST - 1);

    assertThat(bound.complexity(5000, rho, MNIST)).isCloseTo(complexity, within(1e-15));
    assertThat(bound.bound(5000, 0, rho, MNIST))
        .isCloseTo(1 - Math.exp(-complexity), within(1e-15));
  }

  @Test
  void thePriorsVarianceGoesToTheBetterNeighbour() {
    PacBayesBound bound = PacBayesBound.defaults();
    double rho = Math.log(0.1) / 2 - 500.4 / 200; // j = 500.4
    PacBayesBound.Certificate flat = bound.certify(lambda -> 5000, rho, 0.02, 1000, MNIST);
    // One that grows with the variance by far more than 2 ln j falls.
    PacBayesBound.Certificate steep = bound.certify(lambda -> 1e6 * lambda, rho, 0.02, 1000, MNIST);

    assertThat(flat.logDeviation()).isCloseTo((Math.log(0.1) - 5.00) / 2, within(1e-12));
    assertThat(steep.logDeviation()).isCloseTo((Math.log(0.1) - 5.01) / 2, within(1e-12));
    assertThat(steep.divergence()).isCloseTo(1e6 * 0.1 * Math.exp(-5.01), within(1e-9));
    assertThat(flat.errorBound())
        .isCloseTo(BernoulliDivergence.inverse(0.02, Math.log(200) / 1000), within(1e-15));
    assertThat(flat.bound())
        .isEqualTo(bound.bound(5000, flat.errorBound(), flat.logDeviation(), MNIST));
  }

  @Test
  void theSlopeIsThatOfTheComplexity() {
    PacBayesBound bound = PacBayesBound.defaults();
    double h = 1e-5;
    double difference =
        (bound.complexity(10, -3 + h, 100) - bound.complexity(10, -3 - h, 100)) / (2 * h);

    assertThat(bound.slope(-3, 100)).isCloseTo(difference, within(1e-9));
  }

  @Test
  void refusesAPriorAsWideAsTheWidest() {
    PacBayesBound bound = PacBayesBound.defaults();

    assertThatThrownBy(() -> bound.complexity(1, Math.log(0.1) / 2, MNIST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("the prior's variance must be below 0.1, got 0.1");
    assertThat(bound.complexity(1, bound.largestLogDeviation(), MNIST))
        .isCloseTo((1 + Math.log(Math.PI * Math.PI * MNIST / 0.15)) / (MNIST - 1), within(1e-12));
    assertThatThrownBy(() -> new PacBayesBound(0, 0.01, 100, 0.1))
        .hasMessage("confidence must be between 0 and 1, both excluded, got 0.0");
  }
}
