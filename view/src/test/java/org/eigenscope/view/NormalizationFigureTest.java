package org.eigenscope.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.eigenscope.probes.NormalizationReading;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NormalizationFigureTest {
  private static final int FIRST_MOMENT = 0xf2a93b;
  private static final int SECOND_MOMENT = 0xdd5e5e;
  private static final int BATCH = 0x4477aa;
  private static final int NONE = 0xcc3311;
  private static final int POPULATION = 0x228833;

  @TempDir Path folder;

  @Test
  void drawsMomentsAndTheCourseOfAllArms() throws IOException {
    List<NormalizationReading> readings = List.of(Comparisons.at(0), Comparisons.at(99));
    BufferedImage batch = draw(readings, "batch");
    BufferedImage none = draw(readings, "none");

    assertThat(batch.getWidth()).isEqualTo(1200);
    assertThat(batch.getHeight()).isEqualTo(1100);
    for (BufferedImage image : List.of(batch, none)) {
      assertThat(Stream.of(SECOND_MOMENT, BATCH, NONE).map(color -> pixels(image, color)))
          .allMatch(count -> count > 100);
      assertThat(pixels(image, POPULATION)).isZero();
    }
    // A figure's own arm has the thicker lines.
    assertThat(pixels(batch, BATCH)).isGreaterThan(pixels(none, BATCH));
    assertThat(pixels(none, NONE)).isGreaterThan(pixels(batch, NONE));
  }

  /** Outliers widen the axis for both arms, so the one without them takes less of it. */
  @Test
  void armsHaveTheSameAxes() throws IOException {
    List<NormalizationReading> readings = List.of(Comparisons.at(99));

    assertThat(rightmost(draw(readings, "none"))).isGreaterThan(1000);
    assertThat(rightmost(draw(readings, "batch"))).isLessThan(200);
  }

  @Test
  void drawsWhatIsNotKnownAsNothing() throws IOException {
    BufferedImage image = draw(List.of(Comparisons.unknown(0), Comparisons.unknown(9)), "batch");
    assertThat(pixels(image, SECOND_MOMENT)).isGreaterThan(100);
  }

  @Test
  void knowsItsArms() {
    assertThat(new NormalizationFigure("x", 3, List.of(Comparisons.at(0))).arms())
        .containsExactly("batch", "none");
  }

  @Test
  void rejectsWhatCannotBeDrawn() {
    assertThatThrownBy(() -> new NormalizationFigure("x", 3, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a figure needs at least one reading, got none");
    assertThatThrownBy(() -> new NormalizationFigure("x", 3, List.of(Comparisons.withoutDraws())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a figure needs readings with draws, got one of arm none at iteration 7 without");
    assertThatThrownBy(() -> new NormalizationFigure("x", 4, List.of(Comparisons.at(0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("k must be between 1 and 3, got 4");
    NormalizationFigure figure = new NormalizationFigure("x", 3, List.of(Comparisons.at(0)));
    assertThatThrownBy(() -> figure.write("population", folder.resolve("x.png")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("arm must be one of [batch, none], got population");
  }

  private BufferedImage draw(List<NormalizationReading> readings, String arm) throws IOException {
    assumeTrue(Picture.fontsFound(), "no fonts on this machine: pictures are not tested");
    Path png = folder.resolve(arm + ".png");
    new NormalizationFigure("a network on data", 3, readings).write(arm, png);
    return ImageIO.read(png.toFile());
  }

  private static long pixels(BufferedImage image, int color) {
    long count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        if ((image.getRGB(x, y) & 0xffffff) == color) {
          count++;
        }
      }
    }
    return count;
  }

  /** Returns the column of the rightmost pixel of the density, left of the legend or below it. */
  private static int rightmost(BufferedImage image) {
    for (int x = image.getWidth() - 1; x >= 0; x--) {
      for (int y = 150; y < 420; y++) {
        if ((image.getRGB(x, y) & 0xffffff) == FIRST_MOMENT) {
          return x;
        }
      }
    }
    return -1;
  }
}
