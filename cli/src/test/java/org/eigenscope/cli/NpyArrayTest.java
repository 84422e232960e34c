package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.eigenscope.cli.NpyArray.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class NpyArrayTest {
  @TempDir Path directory;

  private static Path resource(String name) {
    try {
      return Path.of(NpyArrayTest.class.getResource("npy/" + name + ".npy").toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "float32, FLOAT32, FLOAT",
    "float32_fortran, FLOAT32, FLOAT",
    "float64_big_endian, FLOAT64, DOUBLE",
    "float64_big_endian_fortran, FLOAT64, DOUBLE",
    "float16, FLOAT16, FLOAT",
    "int64, INT64, DOUBLE",
    "uint8, UINT8, FLOAT",
    "float32_version_2, FLOAT32, FLOAT",
    "float32_version_3, FLOAT32, FLOAT"
  })
  void readsWhatNumpyWrote(String name, ElementType type, DataType dataType) {
    NpyArray array = NpyArray.read(resource(name));

    assertThat(array.type()).isEqualTo(type);
    INDArray values = array.values();
    assertThat(values.dataType()).isEqualTo(dataType);
    assertThat(values.ordering()).isEqualTo('c');
    assertThat(values.shape()).containsExactly(2, 3, 2);
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 3; j++) {
        for (int k = 0; k < 2; k++) {
          assertThat(values.getDouble(i, j, k)).isEqualTo(6 * i + 2 * j + k);
        }
      }
    }
  }

  @Test
  void readsTruthValuesAsZeroAndOne() {
    assertThat(NpyArray.read(resource("bool")).values().ravel().toDoubleVector())
        .containsExactly(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1);
  }

  @ParameterizedTest
  @CsvSource({
    "i1, 80 7f ff, -128 127 -1",
    "u1, 80 7f ff, 128 127 255",
    "i2, 8000 7fff ffff, -32768 32767 -1",
    "u2, 8000 7fff ffff, 32768 32767 65535",
    "i4, 80000000 7fffffff ffffffff, -2147483648 2147483647 -1",
    "u4, 80000000 7fffffff ffffffff, 2147483648 2147483647 4294967295",
    "i8, ffe0000000000001 001fffffffffffff, -9007199254740991 9007199254740991",
    "f2, 3c00 fbff 0001, 1 -65504 5.9604644775390625e-8",
    "f4, 3f800000 ff7fffff 00000001, 1 -3.4028234663852886e38 1.401298464324817e-45",
    "f8, 3ff0000000000000 ffefffffffffffff, 1 -1.7976931348623157e308"
  })
  void readsTheWholeRangeOfATypeInBothByteOrders(String type, String hex, String expected) {
    String[] words = hex.split(" ", -1);
    double[] values =
        Arrays.stream(expected.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      ByteBuffer data = ByteBuffer.allocate(words.length * words[0].length() / 2);
      for (String word : words) {
        for (int i = 0; i < word.length(); i += 2) {
          int digit = order == ByteOrder.BIG_ENDIAN ? i : word.length() - 2 - i;
          data.put((byte) Integer.parseInt(word.substring(digit, digit + 2), 16));
        }
      }
      Path file =
          Npy.write(
              directory.resolve("range.npy"),
              (order == ByteOrder.BIG_ENDIAN ? ">" : "<") + type,
              false,
              data.array(),
              words.length);

      assertThat(NpyArray.read(file).values().toDoubleVector()).containsExactly(values);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void readsRanksOneToFive(int rank) {
    long[] shape = new long[rank];
    Arrays.fill(shape, 2);
    double[] values = IntStream.range(0, 1 << rank).asDoubleStream().toArray();
    INDArray array =
        NpyArray.read(Npy.doubles(directory.resolve("rank.npy"), values, shape)).values();

    assertThat(array.shape()).containsExactly(shape);
    assertThat(array.ravel().toDoubleVector()).containsExactly(values);
  }

  @Test
  void readsDataOfManyChunks() {
    float[] values = new float[300_001];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    INDArray array =
        NpyArray.read(Npy.floats(directory.resolve("long.npy"), values, values.length)).values();

    assertThat(array.toFloatVector()).isEqualTo(values);
  }

  @Test
  void readsHeadersOfOtherWriters() {
    String header = "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<i1\"}";
    Path file = Npy.write(directory.resolve("other.npy"), Npy.file(1, header, new byte[] {3, 4}));

    assertThat(NpyArray.read(file).values().toDoubleVector()).containsExactly(3, 4);
  }

  static Stream<Arguments> malformed() {
    byte[] eight = new byte[8];
    byte[] whole = Npy.file(1, Npy.header("'<f4'", false, "(2,)"), eight);
    byte[] otherVersion = whole.clone();
    otherVersion[6] = 4;
    byte[] longHeader = Npy.file(2, Npy.header("'<f4'", false, "(2,)"), eight);
    longHeader[11] = (byte) 0xff;
    return Stream.of(
        Arguments.of(
            "PK\3\4..".getBytes(StandardCharsets.US_ASCII),
            "a NumPy file must start with the bytes 93 4e 55 4d 50 59, got 50 4b 03 04 2e 2e"),
        Arguments.of(
            new byte[0],
            "a NumPy file must start with the bytes 93 4e 55 4d 50 59, got an empty file"),
        Arguments.of(otherVersion, "the format's version must be 1.0, 2.0 or 3.0, got 4.0"),
        Arguments.of(
            Arrays.copyOf(whole, 7),
            "the header must be complete, got a file that ends after 7 bytes"),
        Arguments.of(
            Arrays.copyOf(whole, 40),
            "the header must be complete, got a file that ends after 40 bytes"),
        Arguments.of(longHeader, "the header must have at most 1048576 bytes, got 4278190196"),
        Arguments.of(
            Arrays.copyOf(whole, whole.length - 3),
            "float32 of shape [2] must have 8 bytes after the header, got 5: the file is truncated"),
        Arguments.of(
            Arrays.copyOf(whole, whole.length + 1),
            "float32 of shape [2] must have 8 bytes after the header, got 9: the file does not end"
                + " with the array"),
        header("(1, 2)", "the header must be a Python dictionary, got '(1, 2)'"),
        header(
            "{'descr': '<f4', 'shape': (2,), }",
            "the header must have a valid entry 'fortran_order', got '{'descr': '<f4', 'shape':"
                + " (2,), }'"),
        header(
            Npy.header("'<c8'", false, "(1,)"),
            "elements must be of one of the types [bool, int8, int16, int32, int64, uint8, uint16,"
                + " uint32, float16, float32, float64], got 'c8'"),
        header(
            Npy.header("'|f4'", false, "(2,)"),
            "the byte order of float32 must be '<' or '>', got '|'"),
        header(
            Npy.header("'<f4'", false, "(2, x)"),
            "the shape must be a tuple of whole numbers, got (2, x)"),
        header(
            Npy.header("'<f4'", false, "(1, 1, 1, 1, 1, 2)"),
            "the rank must be 1 to 5, got 6: shape [1, 1, 1, 1, 1, 2]"),
        header(Npy.header("'<f4'", false, "(-2,)"), "an array must not be empty, got shape [-2]"),
        header(
            Npy.header("'<f4'", false, "(65536, 65536)"),
            "an array must have at most 2147483639 elements, got shape [65536, 65536]"),
        header(
            Npy.header("'<f4'", false, "(4611686018427387904, 4611686018427387904)"),
            "an array must have at most 2147483639 elements, got shape [4611686018427387904,"
                + " 4611686018427387904]"));
  }

  private static Arguments header(String header, String message) {
    return Arguments.of(Npy.file(1, header, new byte[8]), message);
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void rejectsMalformedFiles(byte[] bytes, String message) {
    Path file = Npy.write(directory.resolve("malformed.npy"), bytes);

    assertThatThrownBy(() -> NpyArray.read(file))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(file + ": " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "complex64 | elements must be of one of the types [bool, int8, int16, int32, int64, uint8,"
            + " uint16, uint32, float16, float32, float64], got 'c8'",
        "object | elements must be of one of the types [bool, int8, int16, int32, int64, uint8,"
            + " uint16, uint32, float16, float32, float64], got 'O' (Python objects)",
        "structured | elements must be of one simple type, got [('x', '<f4'), ('y', '<i4')]",
        "scalar | the rank must be 1 to 5, got 0: shape []",
        "empty | an array must not be empty, got shape [0, 4]"
      })
  void rejectsArraysThatAreNoData(String name, String message) {
    assertThatThrownBy(() -> NpyArray.read(resource(name)))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(resource(name) + ": " + message);
  }

  @ParameterizedTest
  @CsvSource({"false, '[1, 0, 1]'", "true, '[1, 1, 0]'"})
  void namesThePlaceOfANumberThatIsNotFinite(boolean fortranOrder, String place) {
    ByteBuffer data = ByteBuffer.allocate(8 * 12).order(ByteOrder.LITTLE_ENDIAN);
    // Element 7 of shape [2, 3, 2] is [1, 0, 1] in C order; element 3 is [1, 1, 0] in Fortran's.
    data.putDouble(8 * (fortranOrder ? 3 : 7), Double.NaN);
    Path file = Npy.write(directory.resolve("nan.npy"), "<f8", fortranOrder, data.array(), 2, 3, 2);

    assertThatThrownBy(() -> NpyArray.read(file))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(file + ": values must be finite, got NaN at " + place);
  }

  @Test
  void rejectsIntegersThatADoubleDoesNotHold() {
    Path file = Npy.longs(directory.resolve("big.npy"), 0, 1L << 53);

    assertThatThrownBy(() -> NpyArray.read(file))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(
            file
                + ": integers must be less than 2^53 in absolute value, got about"
                + " 9.007199254740992E15 at [1]");
  }

  @Test
  void namesAFileThatIsMissing() {
    Path file = directory.resolve("missing.npy");

    assertThatThrownBy(() -> NpyArray.read(file))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage("cannot read " + file + ": no such file or directory");
  }

  @Test
  void refusesADirectory() {
    assertThatThrownBy(() -> NpyArray.read(directory))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage("cannot read " + directory + ": not a regular file");
  }
}
