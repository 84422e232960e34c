package org.eigenscope.cli;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.indexer.HalfIndexer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An array of finite numbers from a NumPy {@code .npy} file (format versions 1.0 to 3.0; numpy,
 * "NEP 1 — A Simple File Format for NumPy Arrays").
 *
 * <p>ND4J's own reader trusts the file: it reads past the end of a truncated one, returns the
 * elements of a Fortran-order array in the wrong places, and aborts the process on big-endian data.
 *
 * @param file where it was read from
 * @param type type of the elements in the file
 * @param values the elements, FLOAT if that holds every value of {@code type} and DOUBLE otherwise;
 *     'c' order, rank 1 to 5, not empty
 */
record NpyArray(Path file, ElementType type, INDArray values) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_HEADER_BYTES = 1 << 20;
  private static final int MAX_RANK = 5;
  private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8; // of a Java array
  private static final int CHUNK_BYTES = 1 << 20; // a multiple of every element's size
  private static final double EXACT_INTEGERS = 0x1p53; // a double holds all below

  private static final Pattern DESCRIPTION = entry("descr", "(['\"][^'\"]*['\"]|\\[.*])");
  private static final Pattern FORTRAN_ORDER = entry("fortran_order", "(True|False)\\b");
  private static final Pattern SHAPE = entry("shape", "\\(([^)]*)\\)");
  private static final Pattern SIMPLE_TYPE = Pattern.compile("['\"]([<>|])([a-zA-Z]\\d*)['\"]");

  /** The types of elements that are read. */
  enum ElementType {
    BOOL("b1", 1, true, true),
    INT8("i1", 1, true, true),
    INT16("i2", 2, true, true),
    INT32("i4", 4, true, false),
    INT64("i8", 8, true, false),
    UINT8("u1", 1, true, true),
    UINT16("u2", 2, true, true),
    UINT32("u4", 4, true, false),
    FLOAT16("f2", 2, false, true),
    FLOAT32("f4", 4, false, true),
    FLOAT64("f8", 8, false, false);

    private final String code;
    private final int bytes;
    private final boolean integer;
    private final boolean fitsFloat;

    ElementType(String code, int bytes, boolean integer, boolean fitsFloat) {
      this.code = code;
      this.bytes = bytes;
      this.integer = integer;
      this.fitsFloat = fitsFloat;
    }

    /** Returns whether all its values are whole numbers. */
    boolean isInteger() {
      return integer;
    }

    private double next(ByteBuffer from) {
      return switch (this) {
        case BOOL -> from.get() == 0 ? 0 : 1;
        case INT8 -> from.get();
        case INT16 -> from.getShort();
        case INT32 -> from.getInt();
        case INT64 -> from.getLong();
        case UINT8 -> Byte.toUnsignedInt(from.get());
        case UINT16 -> Short.toUnsignedInt(from.getShort());
        case UINT32 -> Integer.toUnsignedLong(from.getInt());
        case FLOAT16 -> HalfIndexer.toFloat(from.getShort());
        case FLOAT32 -> from.getFloat();
        case FLOAT64 -> from.getDouble();
      };
    }

    /** Returns numpy's name of the type. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What a file says of its data before they begin. */
  private record Header(
      ElementType type, ByteOrder byteOrder, char order, long[] shape, int elements) {}

  /**
   * Returns the array in a file.
   *
   * @throws ExpectedFailure if the file cannot be read, is not exactly one array of a type in
   *     {@link ElementType}, or holds a number that is not finite
   */
  static NpyArray read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new ExpectedFailure("cannot read %s: not a regular file".formatted(file));
    }
    try (FileChannel channel = FileChannel.open(file)) {
      return new Reader(file, channel).read();
    } catch (IOException e) {
      throw ExpectedFailure.of("read", file, e);
    }
  }

  /** Returns the shape as numpy prints it, for messages. */
  String shape() {
    return Arrays.toString(values.shape());
  }

  private static Pattern entry(String key, String value) {
    return Pattern.compile("['\"]" + key + "['\"]\\s*:\\s*" + value);
  }

  /** Reads one file. */
  private record Reader(Path file, FileChannel channel) {

    NpyArray read() throws IOException {
      Header header = header();
      INDArray values = elements(header).reshape(header.order(), header.shape());
      return new NpyArray(file, header.type(), header.order() == 'c' ? values : values.dup('c'));
    }

    private Header header() throws IOException {
      byte[] magic = bytes((int) Math.min(MAGIC.length, channel.size()));
      if (!Arrays.equals(magic, MAGIC)) {
        throw failure(
            "a NumPy file must start with the bytes 93 4e 55 4d 50 59, got "
                + (magic.length == 0
                    ? "an empty file"
                    : HexFormat.ofDelimiter(" ").formatHex(magic)));
      }
      byte[] version = bytes(2);
      if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
        throw failure(
            "the format's version must be 1.0, 2.0 or 3.0, got %d.%d"
                .formatted(version[0], version[1]));
      }
      long length =
          version[0] == 1
              ? Short.toUnsignedInt(buffer(2).getShort())
              : Integer.toUnsignedLong(buffer(4).getInt());
      if (length > MAX_HEADER_BYTES) {
        throw failure(
            "the header must have at most %d bytes, got %d".formatted(MAX_HEADER_BYTES, length));
      }
      return parsed(new String(bytes((int) length), StandardCharsets.UTF_8).strip());
    }

    private Header parsed(String text) {
      if (!text.startsWith("{") || !text.endsWith("}")) {
        throw failure("the header must be a Python dictionary, got '%s'".formatted(abridged(text)));
      }
      String description = find(DESCRIPTION, "descr", text);
      Matcher simple = SIMPLE_TYPE.matcher(description);
      if (!simple.matches()) {
        throw failure(
            "elements must be of one simple type, got %s".formatted(abridged(description)));
      }
      ElementType type = type(simple.group(2));
      String byteOrder = simple.group(1);
      if (byteOrder.equals("|") && type.bytes > 1) {
        throw failure("the byte order of %s must be '<' or '>', got '|'".formatted(type));
      }
      long[] shape = shape(find(SHAPE, "shape", text));
      return new Header(
          type,
          byteOrder.equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
          find(FORTRAN_ORDER, "fortran_order", text).equals("True") ? 'f' : 'c',
          shape,
          elementCount(shape));
    }

    private String find(Pattern pattern, String key, String text) {
      Matcher matcher = pattern.matcher(text);
      if (!matcher.find()) {
        throw failure(
            "the header must have a valid entry '%s', got '%s'".formatted(key, abridged(text)));
      }
      return matcher.group(1);
    }

    private ElementType type(String code) {
      for (ElementType type : ElementType.values()) {
        if (type.code.equals(code)) {
          return type;
        }
      }
      throw failure(
          "elements must be of one of the types %s, got '%s'%s"
              .formatted(
                  Arrays.toString(ElementType.values()),
                  code,
                  code.startsWith("O") ? " (Python objects)" : ""));
    }

    private long[] shape(String text) {
      long[] shape;
      try {
        shape =
            Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .filter(length -> !length.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
      } catch (NumberFormatException e) {
        throw failure(
            "the shape must be a tuple of whole numbers, got (%s)".formatted(abridged(text)));
      }
      if (shape.length < 1 || shape.length > MAX_RANK) {
        throw failure(
            "the rank must be 1 to %d, got %d: shape %s"
                .formatted(MAX_RANK, shape.length, Arrays.toString(shape)));
      }
      return shape;
    }

    private int elementCount(long[] shape) {
      long count = 1;
      for (long length : shape) {
        if (length < 1) {
          throw failure("an array must not be empty, got shape " + Arrays.toString(shape));
        }
        if (length > MAX_ELEMENTS / count) {
          throw failure(
              "an array must have at most %d elements, got shape %s"
                  .formatted(MAX_ELEMENTS, Arrays.toString(shape)));
        }
        count *= length;
      }
      return (int) count;
    }

    private INDArray elements(Header header) throws IOException {
      long expected = (long) header.elements() * header.type().bytes;
      long actual = channel.size() - channel.position();
      if (actual != expected) {
        throw failure(
            "%s of shape %s must have %d bytes after the header, got %d: the file %s"
                .formatted(
                    header.type(),
                    Arrays.toString(header.shape()),
                    expected,
                    actual,
                    actual < expected ? "is truncated" : "does not end with the array"));
      }
      if (header.type().fitsFloat) {
        float[] values = new float[header.elements()];
        decode(header, (index, value) -> values[index] = (float) value);
        return Nd4j.createFromArray(values);
      }
      double[] values = new double[header.elements()];
      decode(header, (index, value) -> values[index] = value);
      return Nd4j.createFromArray(values);
    }

    private void decode(Header header, ElementSink sink) throws IOException {
      ElementType type = header.type();
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(header.byteOrder());
      int index = 0;
      while (index < header.elements()) {
        long rest = (long) (header.elements() - index) * type.bytes;
        fill(chunk.clear().limit((int) Math.min(rest, CHUNK_BYTES)));
        while (chunk.hasRemaining()) {
          double value = type.next(chunk);
          if (!Double.isFinite(value)) {
            throw failure(
                "values must be finite, got %s at %s".formatted(value, position(header, index)));
          }
          if (type == ElementType.INT64 && Math.abs(value) >= EXACT_INTEGERS) {
            throw failure(
                "integers must be less than 2^53 in absolute value, got about %s at %s"
                    .formatted(value, position(header, index)));
          }
          sink.accept(index++, value);
        }
      }
    }

    /** Returns the place of the index-th element of the file, for a message. */
    private static String position(Header header, int index) {
      long[] shape = header.shape();
      long[] position = new long[shape.length];
      long rest = index;
      for (int i = 0; i < shape.length; i++) {
        int axis = header.order() == 'f' ? i : shape.length - 1 - i;
        position[axis] = rest % shape[axis];
        rest /= shape[axis];
      }
      return Arrays.toString(position);
    }

    private byte[] bytes(int length) throws IOException {
      return buffer(length).array();
    }

    private ByteBuffer buffer(int length) throws IOException {
      if (length > channel.size() - channel.position()) {
        throw failure(
            "the header must be complete, got a file that ends after %d bytes"
                .formatted(channel.size()));
      }
      ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
      fill(buffer);
      return buffer;
    }

    /** Reads up to the buffer's limit and flips it. */
    private void fill(ByteBuffer buffer) throws IOException {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer) < 0) {
          throw new EOFException("the file became shorter while it was read");
        }
      }
      buffer.flip();
    }

    private ExpectedFailure failure(String problem) {
      return new ExpectedFailure(file + ": " + problem);
    }

    private static String abridged(String text) {
      return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
  }

  /** Takes the elements in the order of the file. */
  private interface ElementSink {
    void accept(int index, double value);
  }
}
