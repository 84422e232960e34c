package org.eigenscope.digits;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Grey images of 28 x 28 pixels with labels from 0 to 9; immutable. */
public final class LabelledImages {
  /** Pixels of a row, and rows of an image. */
  public static final int SIDE = 28;

  /** Number of classes. */
  public static final int CLASSES = 10;

  private static final int PIXELS = SIDE * SIDE;
  private static final float WHITE = 255f;

  private final byte[] pixels;
  private final byte[] labels;

  /**
   * Takes images.
   *
   * @param pixels unsigned, 0 is background; image by image, row by row; owned by this object
   * @param labels one for each image; owned by this object
   */
  LabelledImages(byte[] pixels, byte[] labels) {
    if (pixels.length != labels.length * PIXELS) {
      throw new IllegalArgumentException(
          "%d images must have %d pixels, got %d"
              .formatted(labels.length, labels.length * PIXELS, pixels.length));
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= CLASSES) {
        throw new IllegalArgumentException(
            "labels must be between 0 and %d, got %d at image %d"
                .formatted(CLASSES - 1, labels[i] & 0xff, i));
      }
    }
    this.pixels = pixels;
    this.labels = labels;
  }

  /** Returns the number of images. */
  public int size() {
    return labels.length;
  }

  /** Returns the label of an image. */
  public int label(int image) {
    return labels[image];
  }

  /** Returns a pixel, from 0 (background) to 255. */
  public int pixel(int image, int row, int column) {
    return pixels[image * PIXELS + row * SIDE + column] & 0xff;
  }

  /**
   * Returns images as Deeplearning4j takes them: features [n, 1, 28, 28] from 0 to 1 and one-hot
   * labels [n, 10], both FLOAT.
   *
   * @param images indices, at least one
   */
  public DataSet batch(int... images) {
    float[] features = new float[images.length * PIXELS];
    float[] oneHot = new float[images.length * CLASSES];
    for (int i = 0; i < images.length; i++) {
      int from = images[i] * PIXELS;
      for (int j = 0; j < PIXELS; j++) {
        features[i * PIXELS + j] = (pixels[from + j] & 0xff) / WHITE;
      }
      oneHot[i * CLASSES + labels[images[i]]] = 1;
    }
    INDArray x = Nd4j.createFromArray(features).reshape(images.length, 1, SIDE, SIDE);
    INDArray y = Nd4j.createFromArray(oneHot).reshape(images.length, CLASSES);
    return new DataSet(x, y);
  }

  /** Returns the indices of the first images of each class, in the order of the images. */
  public int[] firstOfEachClass(int perClass) {
    int[] seen = new int[CLASSES];
    int[] chosen = new int[Math.min(size(), perClass * CLASSES)];
    int count = 0;
    for (int i = 0; i < size() && count < chosen.length; i++) {
      if (seen[labels[i]]++ < perClass) {
        chosen[count++] = i;
      }
    }
    return Arrays.copyOf(chosen, count);
  }
}
