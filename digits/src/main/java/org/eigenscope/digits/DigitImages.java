package org.eigenscope.digits;

import java.awt.geom.AffineTransform;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.PathIterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.StringTokenizer;

/**
 * Draws labelled digits: pen strokes of several hands, each point moved a little, then shifted,
 * turned, scaled, sheared, drawn with a pen of some width, and noised.
 *
 * <p>A model that is linear in the pixels does not learn them: a digit's pixels move too far. No
 * font and no native library is involved: it works on a machine without either.
 */
final class DigitImages {
  private static final int SIDE = LabelledImages.SIDE;

  /** Side of the unit square of the strokes, in pixels, before scaling. */
  private static final double EXTENT = 21;

  private static final double MAX_SHIFT_PIXELS = 3;
  private static final double MAX_ROTATION_RADIANS = Math.toRadians(20);
  private static final double MAX_SHEAR = 0.2;
  private static final double MIN_SCALE = 0.7;
  private static final double MAX_SCALE = 1.1;
  private static final double MIN_PEN_PIXELS = 1.4;
  private static final double MAX_PEN_PIXELS = 3.4;

  /** Standard deviation of the points of a stroke, in sides of the unit square. */
  private static final double POINT_JITTER = 0.025;

  /** Standard deviation of a pixel's noise, where 1 is white. */
  private static final double PIXEL_NOISE = 0.08;

  /** Largest distance of a curve from its segments, in pixels. */
  private static final double FLATNESS = 0.05;

  /** Strokes in a unit square, y downwards, in the words of SVG paths: M move, L line, C curve. */
  private static final List<List<String>> STROKES =
      List.of(
          List.of(
              "M .5 .06 C .12 .06 .12 .94 .5 .94 C .88 .94 .88 .06 .5 .06",
              "M .62 .08 C .2 -.02 .08 .9 .44 .94 C .84 .98 .94 .16 .54 .07"),
          List.of(
              "M .5 .06 L .5 .94",
              "M .32 .26 L .54 .06 L .54 .94",
              "M .32 .26 L .54 .06 L .54 .94 M .3 .94 L .78 .94"),
          List.of(
              "M .2 .3 C .22 -.02 .8 -.04 .77 .32 C .75 .55 .34 .72 .2 .93 L .82 .93",
              "M .2 .24 C .34 -.04 .84 .02 .72 .38 C .62 .68 .26 1 .2 .86 C .18 .7 .5 .78 .6 .9"
                  + " L .84 .88"),
          List.of(
              "M .22 .16 C .5 -.06 .88 .1 .74 .34 C .68 .45 .56 .48 .42 .48 C .62 .48 .86 .54 .78"
                  + " .76 C .68 1.02 .34 .98 .2 .84",
              "M .22 .08 L .76 .08 L .46 .42 C .8 .42 .86 .7 .74 .84 C .6 1 .32 .96 .2 .84"),
          List.of(
              "M .3 .06 L .2 .58 L .82 .58 M .66 .32 L .62 .94",
              "M .68 .94 L .68 .06 L .16 .64 L .86 .64"),
          List.of(
              "M .76 .07 L .32 .07 L .28 .46 C .48 .34 .8 .42 .78 .67 C .76 .96 .4 1 .2 .86",
              "M .3 .1 L .27 .44 C .52 .36 .82 .48 .74 .74 C .66 .98 .36 .98 .2 .84 M .3 .1 L .8 .07"),
          List.of(
              "M .7 .07 C .4 .14 .2 .45 .24 .7 C .28 .98 .76 1 .76 .7 C .76 .44 .36 .42 .25 .68",
              "M .52 .05 C .3 .3 .16 .7 .34 .88 C .5 1 .76 .9 .72 .7 C .68 .5 .36 .54 .28 .76"),
          List.of(
              "M .18 .1 L .8 .1 L .42 .94",
              "M .18 .1 L .8 .1 C .6 .4 .46 .6 .44 .94 M .36 .52 L .74 .52"),
          List.of(
              "M .5 .48 C .16 .4 .2 .06 .5 .06 C .8 .06 .84 .4 .5 .48 C .12 .56 .14 .94 .5 .94 C"
                  + " .86 .94 .88 .56 .5 .48",
              "M .74 .16 C .56 -.02 .2 .1 .3 .32 C .4 .5 .78 .56 .72 .8 C .64 1.02 .24 .96 .28 .74"
                  + " C .32 .52 .7 .46 .74 .16"),
          List.of(
              "M .75 .32 C .72 .6 .25 .58 .25 .3 C .25 .0 .75 .0 .75 .32 C .77 .6 .66 .84 .4 .94",
              "M .74 .3 C .66 .58 .24 .56 .26 .3 C .3 .02 .7 .0 .74 .3 L .68 .94"));

  private DigitImages() {}

  /**
   * Returns digits, all classes equally often up to one, in random order.
   *
   * @param count number of images, at least 1
   * @param seed the same seed gives the same images, whatever else is drawn
   */
  static LabelledImages draw(int count, long seed) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1, got " + count);
    }
    SplittableRandom random = new SplittableRandom(seed);
    byte[] labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % LabelledImages.CLASSES);
    }
    SplittableRandom order = random.split();
    for (int i = count - 1; i > 0; i--) {
      int j = order.nextInt(i + 1);
      byte label = labels[i];
      labels[i] = labels[j];
      labels[j] = label;
    }
    byte[] pixels = new byte[count * SIDE * SIDE];
    for (int i = 0; i < count; i++) {
      draw(labels[i], random.split(), pixels, i * SIDE * SIDE);
    }
    return new LabelledImages(pixels, labels);
  }

  private static void draw(int digit, SplittableRandom random, byte[] pixels, int from) {
    List<String> hands = STROKES.get(digit);
    Path2D strokes = strokes(hands.get(random.nextInt(hands.size())), random);
    double pen = random.nextDouble(MIN_PEN_PIXELS, MAX_PEN_PIXELS);
    double[] ink = ink(strokes.getPathIterator(place(random), FLATNESS), pen);
    double white = random.nextDouble(0.75, 1);
    for (int i = 0; i < ink.length; i++) {
      double level = white * ink[i] + PIXEL_NOISE * random.nextGaussian();
      pixels[from + i] = (byte) Math.round(255 * Math.max(0, Math.min(1, level)));
    }
  }

  /** Returns strokes with each point moved a little. */
  private static Path2D strokes(String words, SplittableRandom random) {
    Path2D path = new Path2D.Double();
    StringTokenizer word = new StringTokenizer(words);
    double[] p = new double[6];
    while (word.hasMoreTokens()) {
      String command = word.nextToken();
      int coordinates = command.equals("C") ? 6 : 2;
      for (int j = 0; j < coordinates; j++) {
        p[j] = Double.parseDouble(word.nextToken()) + POINT_JITTER * random.nextGaussian();
      }
      switch (command) {
        case "M" -> path.moveTo(p[0], p[1]);
        case "L" -> path.lineTo(p[0], p[1]);
        case "C" -> path.curveTo(p[0], p[1], p[2], p[3], p[4], p[5]);
        default -> throw new AssertionError("unknown stroke " + command);
      }
    }
    return path;
  }

  /** Returns the map from the unit square of the strokes to pixels. */
  private static AffineTransform place(SplittableRandom random) {
    double middle = (SIDE - 1) / 2.0;
    AffineTransform place =
        AffineTransform.getTranslateInstance(
            middle + random.nextDouble(-MAX_SHIFT_PIXELS, MAX_SHIFT_PIXELS),
            middle + random.nextDouble(-MAX_SHIFT_PIXELS, MAX_SHIFT_PIXELS));
    place.rotate(random.nextDouble(-MAX_ROTATION_RADIANS, MAX_ROTATION_RADIANS));
    place.shear(random.nextDouble(-MAX_SHEAR, MAX_SHEAR), 0);
    place.scale(
        EXTENT * random.nextDouble(MIN_SCALE, MAX_SCALE),
        EXTENT * random.nextDouble(MIN_SCALE, MAX_SCALE));
    place.translate(-0.5, -0.5);
    return place;
  }

  /** Returns for each pixel how much of it the pen covers, from 0 to 1. */
  private static double[] ink(PathIterator path, double pen) {
    double[] ink = new double[SIDE * SIDE];
    double reach = pen / 2 + 0.5;
    double[] to = new double[6];
    double x = 0;
    double y = 0;
    for (; !path.isDone(); path.next()) {
      if (path.currentSegment(to) == PathIterator.SEG_LINETO) {
        int lastRow = (int) Math.min(SIDE - 1, Math.floor(Math.max(y, to[1]) + reach));
        int lastColumn = (int) Math.min(SIDE - 1, Math.floor(Math.max(x, to[0]) + reach));
        int firstRow = (int) Math.max(0, Math.ceil(Math.min(y, to[1]) - reach));
        int firstColumn = (int) Math.max(0, Math.ceil(Math.min(x, to[0]) - reach));
        for (int row = firstRow; row <= lastRow; row++) {
          for (int column = firstColumn; column <= lastColumn; column++) {
            double distance = Line2D.ptSegDist(x, y, to[0], to[1], column, row);
            double covered = Math.max(0, Math.min(1, reach - distance));
            int pixel = row * SIDE + column;
            ink[pixel] = Math.max(ink[pixel], covered);
          }
        }
      }
      x = to[0];
      y = to[1];
    }
    return ink;
  }
}
