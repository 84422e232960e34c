package org.eigenscope.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eigenscope.digits.Digits;
import org.eigenscope.digits.LabelledImages;

/** Images that claims are tested on. */
public final class TestImages {
  private TestImages() {}

  /** Returns MNIST's training images where they are, or else drawn digits. */
  public static LabelledImages mnistOrDrawn() {
    Path mnist = Path.of(System.getProperty("tests.mnist", "../../shared/data/mnist"));
    Path nowhere = Path.of("target", "no-cache");
    try {
      return Digits.choose(Files.isDirectory(mnist) ? mnist : null, nowhere, 1).train();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
