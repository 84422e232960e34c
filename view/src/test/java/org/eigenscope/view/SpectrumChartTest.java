package org.eigenscope.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpectrumChartTest {
  private static final int OUTLIER = 0xcc3311;
  private static final int GRADIENT = 0x228833;

  @TempDir Path folder;

  @BeforeEach
  void needsFonts() {
    assumeTrue(Picture.fontsFound(), "no fonts on this machine: pictures are not tested");
  }

  @Test
  void drawsDensityAndOutliers() throws IOException {
    BufferedImage image = draw(Readings.nineOutliers());
    assertThat(image.getWidth()).isEqualTo(1200);
    assertThat(image.getHeight()).isEqualTo(640);
    assertThat(share(image, 0xffffff)).isBetween(0.4, 0.9);
    // Nine red pins: columns with a lot of red, each a few pixels wide.
    assertThat(pins(image, OUTLIER)).isEqualTo(9);
    assertThat(pins(image, GRADIENT)).isZero();
  }

  /** Of seven nodes one is too close to zero, and one has too little weight. */
  @Test
  void drawsWhereTheGradientIsBesideTheDensityOfTheSameMatrix() throws IOException {
    BufferedImage image = draw(Readings.withGradient());
    assertThat(pins(image, GRADIENT)).isEqualTo(5);
    assertThat(pins(image, OUTLIER)).isEqualTo(9);
  }

  @Test
  void aMeasureOfTheGradientAloneIsNoDensity() {
    Reading reading = Readings.withGradient();
    Reading alone =
        new RecordedReading(
            reading.provenance(),
            reading.measurements(),
            List.of(reading.spectra().get(0)),
            List.of());
    assertThat(SpectrumChart.isDrawable(reading)).isTrue();
    assertThat(SpectrumChart.isDrawable(alone)).isFalse();
    assertThatThrownBy(() -> draw(alone))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a picture needs a reading with a spectrum, got none");
  }

  @Test
  void drawsNoOutliersWhereTheirNumberIsUnknown() throws IOException {
    assertThat(pins(draw(Readings.unknown(1)), OUTLIER)).isZero();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-300, -3, 1e12})
  void drawsASpectrumOfOneNode(double node) throws IOException {
    assertThat(share(draw(Readings.unknown(node)), 0xffffff)).isLessThan(0.999);
  }

  @Test
  void replacesAnEarlierPictureAndLeavesNothingElse() throws IOException {
    Path png = folder.resolve("spectrum.png");
    Files.writeString(png, "an earlier picture");
    new SpectrumChart("a network on data").write(Readings.nineOutliers(), png);
    assertThat(ImageIO.read(png.toFile())).isNotNull();
    try (var files = Files.list(folder)) {
      assertThat(files.toList()).isEqualTo(List.of(png));
    }
  }

  @Test
  void sameReadingSamePicture() throws IOException {
    Path one = folder.resolve("one.png");
    Path two = folder.resolve("two.png");
    SpectrumChart chart = new SpectrumChart("a network on data");
    chart.write(Readings.nineOutliers(), one);
    chart.write(Readings.nineOutliers(), two);
    assertThat(one).hasSameBinaryContentAs(two);
  }

  @Test
  void saysWhereItCannotWrite() {
    Path png = folder.resolve("absent").resolve("spectrum.png");
    assertThatThrownBy(() -> new SpectrumChart("x").write(Readings.nineOutliers(), png))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("absent");
  }

  @Test
  void needsASpectrum() {
    Path png = folder.resolve("spectrum.png");
    assertThatThrownBy(() -> new SpectrumChart("x").write(Readings.withoutSpectrum(), png))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a picture needs a reading with a spectrum, got none");
  }

  private BufferedImage draw(Reading reading) throws IOException {
    Path png = folder.resolve("spectrum.png");
    new SpectrumChart("a network on data").write(reading, png);
    return ImageIO.read(png.toFile());
  }

  private static double share(BufferedImage image, int rgb) {
    int count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        count += (image.getRGB(x, y) & 0xffffff) == rgb ? 1 : 0;
      }
    }
    return (double) count / (image.getWidth() * image.getHeight());
  }

  /** Counts runs of columns in which a stem of a colour stands. */
  private static int pins(BufferedImage image, int rgb) {
    int pins = 0;
    boolean inside = false;
    for (int x = 0; x < image.getWidth(); x++) {
      int pixels = 0;
      for (int y = 0; y < image.getHeight(); y++) {
        pixels += (image.getRGB(x, y) & 0xffffff) == rgb ? 1 : 0;
      }
      boolean stem = pixels > 40;
      pins += stem && !inside ? 1 : 0;
      inside = stem;
    }
    return pins;
  }
}
