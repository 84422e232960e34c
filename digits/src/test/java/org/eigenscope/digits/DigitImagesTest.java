package org.eigenscope.digits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DigitImagesTest {
  private static final int PIXELS = LabelledImages.SIDE * LabelledImages.SIDE;

  @Test
  void theSameSeedDrawsTheSameImages() {
    LabelledImages one = DigitImages.draw(30, 5);
    LabelledImages other = DigitImages.draw(30, 5);
    for (int i = 0; i < 30; i++) {
      assertThat(other.label(i)).isEqualTo(one.label(i));
      assertThat(pixels(other, i)).isEqualTo(pixels(one, i));
    }
  }

  @Test
  void anotherSeedDrawsOtherImages() {
    LabelledImages one = DigitImages.draw(30, 5);
    LabelledImages other = DigitImages.draw(30, 6);
    for (int i = 0; i < 30; i++) {
      assertThat(pixels(other, i)).isNotEqualTo(pixels(one, i));
    }
  }

  @Test
  void imagesOfOneClassDiffer() {
    LabelledImages images = DigitImages.draw(200, 5);
    int[] threes = IntStream.range(0, 200).filter(i -> images.label(i) == 3).toArray();
    assertThat(Arrays.stream(threes).mapToObj(i -> Arrays.toString(pixels(images, i))).distinct())
        .hasSize(threes.length);
  }

  @Test
  void classesAreBalancedAndMixed() {
    LabelledImages images = DigitImages.draw(1004, 5);
    int[] count = new int[LabelledImages.CLASSES];
    int ascending = 0;
    for (int i = 0; i < images.size(); i++) {
      count[images.label(i)]++;
      if (images.label(i) == i % LabelledImages.CLASSES) {
        ascending++;
      }
    }
    assertThat(count).containsExactly(101, 101, 101, 101, 100, 100, 100, 100, 100, 100);
    assertThat(ascending).isLessThan(200);
  }

  @Test
  void everyDigitIsOnTheImageAndLeavesMostOfItDark() {
    LabelledImages images = DigitImages.draw(500, 5);
    for (int i = 0; i < images.size(); i++) {
      long lit = Arrays.stream(pixels(images, i)).filter(pixel -> pixel > 128).count();
      assertThat(lit).as("lit pixels of image %d, a %d", i, images.label(i)).isBetween(12L, 260L);
    }
  }

  @Test
  void refusesToDrawNone() {
    assertThatThrownBy(() -> DigitImages.draw(0, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("count must be at least 1, got 0");
  }

  @Test
  void aLinearModelDoesNotLearnThem() {
    LabelledImages train = DigitImages.draw(6000, 1);
    double[][] weights = softmaxRegression(train);
    // Better than chance, so that it was trained, and far from what a small network reaches.
    assertThat(accuracy(weights, DigitImages.draw(1000, 2))).isBetween(0.4, 0.8);
  }

  /** Returns weights, the last of each class its bias, after 12 epochs of gradient descent. */
  private static double[][] softmaxRegression(LabelledImages train) {
    double[][] weights = new double[LabelledImages.CLASSES][PIXELS + 1];
    double[][] images = new double[train.size()][];
    Arrays.setAll(images, i -> scaled(train, i));
    SplittableRandom random = new SplittableRandom(1);
    for (int step = 0; step < 12 * train.size(); step++) {
      int i = random.nextInt(train.size());
      double[] x = images[i];
      double[] p = softmax(weights, x);
      double rate = 0.02 / (1 + (double) step / train.size());
      for (int c = 0; c < weights.length; c++) {
        double error = rate * (p[c] - (c == train.label(i) ? 1 : 0));
        for (int j = 0; j <= PIXELS; j++) {
          weights[c][j] -= error * x[j];
        }
      }
    }
    return weights;
  }

  private static double accuracy(double[][] weights, LabelledImages images) {
    int right = 0;
    for (int i = 0; i < images.size(); i++) {
      double[] p = softmax(weights, scaled(images, i));
      int best = 0;
      for (int c = 1; c < p.length; c++) {
        best = p[c] > p[best] ? c : best;
      }
      right += best == images.label(i) ? 1 : 0;
    }
    return (double) right / images.size();
  }

  private static double[] softmax(double[][] weights, double[] x) {
    double[] p = new double[weights.length];
    double sum = 0;
    for (int c = 0; c < p.length; c++) {
      double logit = 0;
      for (int j = 0; j <= PIXELS; j++) {
        logit += weights[c][j] * x[j];
      }
      p[c] = Math.exp(logit);
      sum += p[c];
    }
    for (int c = 0; c < p.length; c++) {
      p[c] /= sum;
    }
    return p;
  }

  /** Returns pixels from 0 to 1 and a 1 for the bias. */
  private static double[] scaled(LabelledImages images, int image) {
    double[] x = new double[PIXELS + 1];
    int[] pixels = pixels(images, image);
    for (int j = 0; j < PIXELS; j++) {
      x[j] = pixels[j] / 255.0;
    }
    x[PIXELS] = 1;
    return x;
  }

  private static int[] pixels(LabelledImages images, int image) {
    int[] pixels = new int[PIXELS];
    Arrays.setAll(
        pixels, j -> images.pixel(image, j / LabelledImages.SIDE, j % LabelledImages.SIDE));
    return pixels;
  }
}
