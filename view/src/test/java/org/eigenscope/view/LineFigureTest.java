package org.eigenscope.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import javax.imageio.ImageIO;
import org.eigenscope.view.LineFigure.Line;
import org.eigenscope.view.LineFigure.Panel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineFigureTest {

  @Test
  void everyPanelHasItsLine(@TempDir Path folder) throws IOException {
    assumeTrue(Picture.fontsFound(), "Java finds no fonts");
    Path png = folder.resolve("figure.png");
    Panel linear =
        new Panel("k", "overlap", false, List.of(new Line("one", List.of(0.2, 0.5, 0.4))));
    Panel logarithmic =
        new Panel("rank", "eigenvalue", true, List.of(new Line("one", List.of(9.0, 0.3, -1.0))));

    LineFigure.write("two panels", List.of(linear, logarithmic), png);

    BufferedImage image = ImageIO.read(png.toFile());
    assertThat(blue(image, 0, image.getWidth() / 2)).isPositive();
    assertThat(blue(image, image.getWidth() / 2, image.getWidth())).isPositive();
  }

  /** Returns how many pixels between two columns have the colour of a panel's first line. */
  private static int blue(BufferedImage image, int from, int to) {
    int count = 0;
    for (int x = from; x < to; x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        count += (image.getRGB(x, y) & 0xffffff) == 0x4477aa ? 1 : 0;
      }
    }
    return count;
  }

  @Test
  void refusesMoreLinesThanColours() {
    List<Line> six = Collections.nCopies(6, new Line("one", List.of(1.0)));

    assertThatThrownBy(() -> new Panel("x", "y", false, six))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a panel must have 1 to 5 lines, got 6");
  }
}
