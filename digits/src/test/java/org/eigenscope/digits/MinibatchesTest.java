package org.eigenscope.digits;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

class MinibatchesTest {

  @Test
  void anEpochHasEveryImageOnce() {
    LabelledImages images = DigitImages.draw(30, 1);
    Minibatches minibatches = new Minibatches(images, 10, 1);
    for (int epoch = 0; epoch < 2; epoch++) {
      INDArray sum = minibatches.next().getFeatures().sum(0);
      for (int i = 1; i < 3; i++) {
        sum.addi(minibatches.next().getFeatures().sum(0));
      }
      int[] all = new int[30];
      Arrays.setAll(all, i -> i);
      INDArray expected = images.batch(all).getFeatures().sum(0);
      assertThat(sum.distance2(expected)).isLessThan(1e-3);
    }
  }

  @Test
  void leavesOutARestThatIsNoFullMinibatch() {
    Minibatches minibatches = new Minibatches(DigitImages.draw(25, 1), 10, 1);
    for (int i = 0; i < 7; i++) {
      assertThat(minibatches.next().numExamples()).isEqualTo(10);
    }
  }

  @Test
  void aMinibatchIsAtMostAllImages() {
    assertThat(new Minibatches(DigitImages.draw(7, 1), 10, 1).next().numExamples()).isEqualTo(7);
  }

  @Test
  void theSameSeedGivesTheSameSequence() {
    LabelledImages images = DigitImages.draw(30, 1);
    DataSet one = new Minibatches(images, 10, 3).next();
    DataSet same = new Minibatches(images, 10, 3).next();
    DataSet other = new Minibatches(images, 10, 4).next();
    assertThat(one.getFeatures()).isEqualTo(same.getFeatures()).isNotEqualTo(other.getFeatures());
    assertThat(one.getLabels()).isEqualTo(same.getLabels());
  }
}
