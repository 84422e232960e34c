package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.stream.IntStream;
import org.eigenscope.listeners.ProbeSchedule.Moment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProbeScheduleTest {

  @Test
  void everyIterationsBeginsWithTheFirst() {
    assertThat(due(ProbeSchedule.everyIterations(4), 13)).containsExactly(0, 4, 8, 12);
  }

  @Test
  void everyIterationsOfOneIsAlwaysDue() {
    assertThat(due(ProbeSchedule.everyIterations(1), 3)).containsExactly(0, 1, 2);
  }

  @Test
  void everyEpochsIsDueAtTheEndOfEveryNthEpoch() {
    ProbeSchedule schedule = ProbeSchedule.everyEpochs(3);

    assertThat(IntStream.range(0, 10).filter(epoch -> schedule.isDue(endOf(epoch))))
        .containsExactly(2, 5, 8);
    assertThat(due(schedule, 100)).isEmpty();
  }

  @Test
  void logarithmicHasItsPointsInEveryDecade() {
    assertThat(due(ProbeSchedule.logarithmic(1), 1001)).containsExactly(0, 1, 10, 100, 1000);
    // 10^(j/3): 1, 2.15, 4.64, 10, 21.5, 46.4, 100
    assertThat(due(ProbeSchedule.logarithmic(3), 101)).containsExactly(0, 1, 2, 5, 10, 22, 46, 100);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 33, 1000})
  void logarithmicIsDueAtEachRoundedPowerAndNowhereElse(int pointsPerDecade) {
    List<Integer> expected =
        IntStream.concat(
                IntStream.of(0),
                IntStream.rangeClosed(0, 4 * pointsPerDecade)
                    .map(j -> (int) Math.round(Math.pow(10, (double) j / pointsPerDecade))))
            .distinct()
            .boxed()
            .toList();

    assertThat(due(ProbeSchedule.logarithmic(pointsPerDecade), 10_001))
        .containsExactlyElementsOf(expected);
  }

  @Test
  void atIsDueAtTheGivenIterationsInAnyOrder() {
    int[] iterations = {9, 2, 2, 0};
    ProbeSchedule schedule = ProbeSchedule.at(iterations);
    iterations[0] = 1;

    assertThat(due(schedule, 20)).containsExactly(0, 2, 9);
  }

  @Test
  void iterationSchedulesLeaveTheEndsOfEpochsAlone() {
    Moment end = new Moment(0, 0, true);

    assertThat(ProbeSchedule.everyIterations(1).isDue(end)).isFalse();
    assertThat(ProbeSchedule.logarithmic(1).isDue(end)).isFalse();
    assertThat(ProbeSchedule.at(0).isDue(end)).isFalse();
  }

  @Test
  void orIsDueWhenEitherIs() {
    ProbeSchedule schedule =
        ProbeSchedule.everyIterations(5).or(ProbeSchedule.at(3)).or(ProbeSchedule.everyEpochs(1));

    assertThat(due(schedule, 11)).containsExactly(0, 3, 5, 10);
    assertThat(schedule.isDue(endOf(4))).isTrue();
  }

  @Test
  void anyFunctionOfTheMomentIsASchedule() {
    ProbeSchedule late = moment -> moment.iteration() > 7;

    assertThat(due(late, 10)).containsExactly(8, 9);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void rejectsIntervalsBelowOneWithTheValue(int n) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProbeSchedule.everyIterations(n))
        .withMessage("iterations between measurements must be at least 1, got " + n);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProbeSchedule.everyEpochs(n))
        .withMessage("epochs between measurements must be at least 1, got " + n);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProbeSchedule.logarithmic(n))
        .withMessage("points per decade must be at least 1, got " + n);
  }

  @Test
  void rejectsNoAndNegativeIterations() {
    assertThatIllegalArgumentException()
        .isThrownBy(ProbeSchedule::at)
        .withMessage("iterations must name at least one, got none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProbeSchedule.at(3, -2))
        .withMessage("iterations must be at least 0, got -2");
  }

  private static List<Integer> due(ProbeSchedule schedule, int iterations) {
    return IntStream.range(0, iterations)
        .filter(iteration -> schedule.isDue(new Moment(iteration, 0, false)))
        .boxed()
        .toList();
  }

  private static Moment endOf(int epoch) {
    return new Moment(10 * epoch + 9, epoch, true);
  }
}
