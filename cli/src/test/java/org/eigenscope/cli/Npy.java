package org.eigenscope.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes {@code .npy} files, right ones and wrong ones. */
final class Npy {
  private Npy() {}

  /** Writes float64 numbers in C order. */
  static Path doubles(Path file, double[] values, long... shape) {
    ByteBuffer data = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      data.putDouble(value);
    }
    return write(file, "<f8", false, data.array(), shape);
  }

  /** Writes float32 numbers in C order. */
  static Path floats(Path file, float[] values, long... shape) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    return write(file, "<f4", false, data.array(), shape);
  }

  /** Writes int64 numbers. */
  static Path longs(Path file, long... values) {
    ByteBuffer data = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      data.putLong(value);
    }
    return write(file, "<i8", false, data.array(), values.length);
  }

  /** Writes a file of format version 1.0. */
  static Path write(Path file, String type, boolean fortranOrder, byte[] data, long... shape) {
    return write(file, file(1, header("'" + type + "'", fortranOrder, tuple(shape)), data));
  }

  /** Writes bytes as they are. */
  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a header's dictionary. */
  static String header(String type, boolean fortranOrder, String shape) {
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }"
        .formatted(type, fortranOrder ? "True" : "False", shape);
  }

  /** Returns the bytes of a file with a header padded as the format asks. */
  static byte[] file(int version, String header, byte[] data) {
    int start = 6 + 2 + (version == 1 ? 2 : 4);
    int length = (start + header.length() + 1 + 63) / 64 * 64 - start;
    ByteBuffer count = ByteBuffer.allocate(start - 8).order(ByteOrder.LITTLE_ENDIAN);
    if (version == 1) {
      count.putShort((short) length);
    } else {
      count.putInt(length);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    bytes.writeBytes(count.array());
    bytes.writeBytes(
        (header + " ".repeat(length - header.length() - 1) + "\n")
            .getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(data);
    return bytes.toByteArray();
  }

  private static String tuple(long... shape) {
    StringBuilder tuple = new StringBuilder("(");
    for (long length : shape) {
      tuple.append(length).append(", ");
    }
    return tuple.append(")").toString();
  }
}
