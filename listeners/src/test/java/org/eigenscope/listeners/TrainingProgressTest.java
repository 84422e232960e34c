package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.TrainingProgress.Report;
import org.junit.jupiter.api.Test;

class TrainingProgressTest {
  private final TrainingProgress progress = new TrainingProgress();
  private final MultiLayerNetwork first = Trainings.perceptron();
  private final MultiLayerNetwork second = Trainings.perceptron();
  private final Thread here = new Thread(() -> {});
  private final Thread there = new Thread(() -> {});

  @Test
  void risingIterationsOfAModelAreNews() {
    assertThat(progress.iterationDone(first, here, 0)).isEqualTo(Report.NEWS);
    assertThat(progress.iterationDone(first, here, 1)).isEqualTo(Report.NEWS);
    // A second fit, or a model loaded halfway, needn't go on without gaps.
    assertThat(progress.iterationDone(first, there, 7)).isEqualTo(Report.NEWS);
  }

  @Test
  void anIterationIsNewsFromTheFirstWorkerOnly() {
    assertThat(progress.iterationDone(first, here, 0)).isEqualTo(Report.NEWS);
    assertThat(progress.iterationDone(second, there, 0)).isEqualTo(Report.REPEATED);
    assertThat(progress.iterationDone(second, there, 1)).isEqualTo(Report.NEWS);
    assertThat(progress.iterationDone(first, here, 1)).isEqualTo(Report.REPEATED);
  }

  @Test
  void aWorkerThatLagsBehindRepeats() {
    progress.iterationDone(first, here, 0);
    progress.iterationDone(second, there, 0);
    progress.iterationDone(first, here, 1);
    progress.iterationDone(first, here, 2);

    assertThat(progress.iterationDone(second, there, 1)).isEqualTo(Report.REPEATED);
  }

  @Test
  void aModelThatGoesBackBeginsAgain() {
    progress.iterationDone(first, here, 0);
    progress.iterationDone(first, here, 1);

    assertThat(progress.iterationDone(first, here, 1)).isEqualTo(Report.RESTARTED);
    assertThat(progress.iterationDone(first, here, 0)).isEqualTo(Report.RESTARTED);
    assertThat(progress.iterationDone(first, here, 1)).isEqualTo(Report.NEWS);
  }

  @Test
  void anotherModelOnTheSameThreadBeginsAgain() {
    progress.iterationDone(first, here, 0);

    assertThat(progress.iterationDone(second, here, 0)).isEqualTo(Report.RESTARTED);
    assertThat(progress.iterationDone(second, here, 1)).isEqualTo(Report.NEWS);
  }

  @Test
  void anotherModelBeforeTheHighestIterationBeginsAgain() {
    progress.iterationDone(first, here, 0);
    progress.iterationDone(first, here, 1);

    assertThat(progress.iterationDone(second, there, 0)).isEqualTo(Report.RESTARTED);
    assertThat(progress.iterationDone(second, there, 1)).isEqualTo(Report.NEWS);
  }

  @Test
  void anEpochEndsOnceAfterItsLastIteration() {
    progress.iterationDone(first, here, 0);
    progress.iterationDone(first, here, 1);

    assertThat(progress.epochEnded(1)).isTrue();
    assertThat(progress.epochEnded(1)).isFalse();
    progress.iterationDone(first, here, 2);
    assertThat(progress.epochEnded(1)).isFalse();
    assertThat(progress.epochEnded(2)).isTrue();
  }

  @Test
  void anEpochBeforeAnyIterationIsNone() {
    assertThat(progress.epochEnded(-1)).isFalse();
  }

  @Test
  void epochsEndAgainInAnotherTraining() {
    progress.iterationDone(first, here, 0);
    progress.epochEnded(0);
    progress.iterationDone(first, here, 0);

    assertThat(progress.epochEnded(0)).isTrue();
  }
}
