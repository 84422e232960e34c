package org.eigenscope.listeners.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.journal.JournalReader.OnCorruptLine;
import org.eigenscope.listeners.journal.JournalReader.SkippedLine;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalTest {

  @TempDir Path directory;

  @Test
  void readsBackWhatWasWritten() {
    Path path = directory.resolve("journal.jsonl");
    List<Reading> readings =
        List.of(
            HandmadeReadings.spectrum(0),
            HandmadeReadings.withoutDraws(64),
            HandmadeReadings.paired(64),
            HandmadeReadings.spectrum(100),
            awkward());
    write(path, readings);

    assertThat(read(path)).isEqualTo(readings.stream().map(RecordedReading::of).toList());
  }

  /** Written before readings had the gradient's measure. */
  @Test
  void readsALineWithADensityAlone() throws IOException {
    Path path = directory.resolve("journal.jsonl");
    Files.writeString(
        path,
        """
        {"schema":1,"provenance":{"probe":"spectrum","run":"r","model":"m","iteration":7,"epoch":0,\
        "time":"2026-01-02T03:04:05Z","seconds":1.5,"examples":10,"seed":1,"matvecs":900,\
        "settings":{"steps":"90"},"versions":{}},"measurements":[],"spectra":[{"name":\
        "eigenscope.spectrum","tags":{"layer":"all"},"order":3,"draws":[{"nodes":[1.0,2.0],\
        "weights":[0.25,0.75]}]}],"notes":[]}
        """);

    assertThat(read(path))
        .singleElement()
        .extracting(RecordedReading::spectra)
        .isEqualTo(
            List.of(
                new Spectrum(
                    Spectrum.EIGENVALUES,
                    Map.of("layer", "all"),
                    3,
                    List.of(new QuadratureRule(new double[] {1, 2}, new double[] {0.25, 0.75})))));
  }

  @Test
  void appendsToWhatIsThere() {
    Path path = directory.resolve("journal.jsonl");
    write(path, List.of(HandmadeReadings.spectrum(0)));
    write(path, List.of(HandmadeReadings.spectrum(100)));

    assertThat(read(path)).extracting(r -> r.provenance().iteration()).containsExactly(0, 100);
  }

  @Test
  void keepsEveryBitOfADouble() {
    SplittableRandom random = new SplittableRandom(1);
    double[] values = new double[2000];
    for (int i = 0; i < values.length; i++) {
      double value = Double.longBitsToDouble(random.nextLong());
      values[i] = Double.isFinite(value) ? value : Math.scalb(random.nextDouble(), -1074);
    }
    values[0] = -0.0;
    values[1] = Double.MIN_VALUE;
    values[2] = Double.MAX_VALUE;
    values[3] = Double.MIN_NORMAL;
    values[4] = 2e-323;
    List<Measurement> measurements = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      measurements.add(new Measurement("value." + i, Map.of(), values[i]));
    }
    Path path = directory.resolve("journal.jsonl");
    write(path, List.of(reading(measurements, List.of())));

    double[] back =
        read(path).get(0).measurements().stream().mapToDouble(Measurement::value).toArray();

    assertThat(bits(back)).isEqualTo(bits(values));
  }

  @Test
  void writesNonFiniteNumbersAsNullAndReadsThemAsNaN() throws IOException {
    Path path = directory.resolve("journal.jsonl");
    write(
        path,
        List.of(
            reading(
                List.of(
                    new Measurement("a", Map.of(), Double.NaN),
                    new Measurement("b", Map.of(), Double.POSITIVE_INFINITY),
                    new Measurement("c", Map.of(), Double.NEGATIVE_INFINITY)),
                List.of())));

    for (JsonNode measurement : new ObjectMapper().readTree(path.toFile()).get("measurements")) {
      assertThat(measurement.get("value").isNull()).isTrue();
    }
    assertThat(read(path).get(0).measurements()).allMatch(m -> Double.isNaN(m.value()));
  }

  @Test
  void writesOneLineOfJsonForEachReadingThatNamesItsSchema() throws IOException {
    Path path = directory.resolve("journal.jsonl");
    write(path, List.of(awkward(), HandmadeReadings.spectrum(1)));

    List<String> lines = Files.readAllLines(path, UTF_8);

    assertThat(lines).hasSize(2);
    JsonNode line = new ObjectMapper().readTree(lines.get(1));
    assertThat(line.get("schema").intValue()).isEqualTo(1);
    assertThat(line.get("provenance").get("time").textValue())
        .isEqualTo("2026-01-02T03:04:05.500Z");
    assertThat(line.get("provenance").get("seed").longValue()).isEqualTo(-7_000_000_000L);
    assertThat(line.get("spectra").get(0).get("draws").get(1).get("nodes").get(2).doubleValue())
        .isEqualTo(20_000);
    assertThat(lines.get(1)).contains("converge — residual 4·10⁻⁶");
  }

  @Test
  void leavesOutWhatAReadingWithoutDrawsDoesNotHave() throws IOException {
    Path path = directory.resolve("journal.jsonl");
    write(path, List.of(HandmadeReadings.withoutDraws(64)));

    JsonNode line = new ObjectMapper().readTree(path.toFile());
    assertThat(line.get("spectra").isArray()).isTrue();
    assertThat(line.get("spectra")).isEmpty();
    assertThat(line.get("measurements").findValuesAsText("name"))
        .contains("eigenscope.eigenvalue", "eigenscope.outliers")
        .doesNotContain("eigenscope.trace", "eigenscope.negative.mass");
  }

  @Test
  void aReadingIsInTheFileWhenAcceptReturns() {
    Path path = directory.resolve("journal.jsonl");
    try (JournalSink sink = JournalSink.open(path)) {
      for (int i = 0; i < 3; i++) {
        sink.accept(HandmadeReadings.spectrum(i));
        assertThat(read(path)).hasSize(i + 1);
      }
    }
  }

  /** The journal is cut at every byte of its last line, read, continued, and read again. */
  @Test
  void survivesAProcessKilledAtAnyByteOfALine() throws IOException {
    byte[] first = JournalFormat.line(awkward());
    byte[] last = JournalFormat.line(awkward());
    RecordedReading whole = RecordedReading.of(awkward());
    Path path = directory.resolve("journal.jsonl");
    for (int kept = 0; kept <= last.length; kept++) {
      Files.write(path, first);
      Files.write(path, Arrays.copyOf(last, kept), StandardOpenOption.APPEND);
      boolean complete = kept >= last.length - 1;
      boolean torn = kept > 0 && !complete;

      try (JournalReader journal = JournalReader.open(path)) {
        assertThat(all(journal)).as("cut at %d", kept).hasSize(complete ? 2 : 1);
        assertThat(journal.skipped())
            .as("cut at %d", kept)
            .extracting(SkippedLine::number)
            .isEqualTo(torn ? List.of(2L) : List.of());
      }

      write(path, List.of(awkward(), awkward()));

      try (JournalReader journal = JournalReader.open(path)) {
        assertThat(all(journal))
            .as("continued after a cut at %d", kept)
            .hasSize(complete ? 4 : 3)
            .allMatch(whole::equals);
        assertThat(journal.skipped())
            .as("continued after a cut at %d", kept)
            .extracting(SkippedLine::number)
            .isEqualTo(torn ? List.of(2L) : List.of());
      }
    }
  }

  @Test
  void createsTheDirectoriesAJournalIsIn() {
    Path path = directory.resolve("runs").resolve("today").resolve("journal.jsonl");
    write(path, List.of(HandmadeReadings.spectrum(0)));

    assertThat(read(path)).hasSize(1);
  }

  @Test
  void followsALinkToADirectory() throws IOException {
    Path real = Files.createDirectory(directory.resolve("real"));
    Path link;
    try {
      link = Files.createSymbolicLink(directory.resolve("link"), real);
    } catch (UnsupportedOperationException | FileSystemException e) {
      assumeTrue(false, "no symbolic links here: " + e);
      return;
    }
    write(link.resolve("journal.jsonl"), List.of(HandmadeReadings.spectrum(0)));

    assertThat(read(real.resolve("journal.jsonl"))).hasSize(1);
  }

  @Test
  void refusesAPathThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "text");

    assertThatThrownBy(() -> JournalSink.open(directory))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot write the journal " + directory);
    assertThatThrownBy(() -> JournalSink.open(file.resolve("journal.jsonl")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot write the journal " + file.resolve("journal.jsonl"));
  }

  @Test
  void refusesASecondWriterInThisProcess() {
    Path path = directory.resolve("journal.jsonl");
    try (JournalSink sink = JournalSink.open(path)) {
      assertThatThrownBy(() -> JournalSink.open(path))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(path.toString())
          .hasMessageContaining("another sink of this process");
      sink.accept(HandmadeReadings.spectrum(0));
    }
    write(path, List.of(HandmadeReadings.spectrum(1)));
    assertThat(read(path)).hasSize(2);
  }

  @Test
  void refusesASecondWriterInAnotherProcess() throws Exception {
    Path path = directory.resolve("journal.jsonl");
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                JournalHolder.class.getName(),
                path.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      try (InputStream ready = other.getInputStream()) {
        assertThat(ready.read()).isEqualTo(JournalHolder.READY);
        assertThatThrownBy(() -> JournalSink.open(path))
            .isInstanceOf(UncheckedIOException.class)
            .hasMessageContaining(path.toString())
            .hasMessageContaining("another process");
        assertThat(read(path)).hasSize(1);
      }
    } finally {
      other.destroyForcibly();
      assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    write(path, List.of(HandmadeReadings.spectrum(1)));
    assertThat(read(path)).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 17, 100})
  void continuesAfterAWriteThatFailed(int written) throws IOException {
    FullDisk disk = new FullDisk();
    Path path = directory.resolve("journal.jsonl");
    try (JournalSink sink = new JournalSink("journal.jsonl", disk, false)) {
      sink.accept(HandmadeReadings.spectrum(0));
      disk.room = written;
      assertThatThrownBy(() -> sink.accept(HandmadeReadings.spectrum(1)))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("iteration 1")
          .hasMessageContaining("journal.jsonl")
          .hasMessageContaining("No space left on device");
      assertThatThrownBy(() -> sink.accept(HandmadeReadings.spectrum(2)))
          .isInstanceOf(UncheckedIOException.class);
      disk.room = Integer.MAX_VALUE;
      sink.accept(HandmadeReadings.spectrum(3));
    }
    Files.write(path, disk.content.toByteArray());

    assertThat(read(path)).extracting(r -> r.provenance().iteration()).containsExactly(0, 3);
  }

  @Test
  void survivesAnInterruptedThread() {
    Path path = directory.resolve("journal.jsonl");
    try (JournalSink sink = JournalSink.open(path)) {
      Thread.currentThread().interrupt();
      sink.accept(HandmadeReadings.spectrum(0));
      assertThat(Thread.interrupted()).isTrue();
      sink.accept(HandmadeReadings.spectrum(1));
    }
    assertThat(read(path)).hasSize(2);
  }

  @Test
  void refusesReadingsOnceClosed() {
    JournalSink sink = JournalSink.open(directory.resolve("journal.jsonl"));
    sink.close();
    sink.close();

    assertThatThrownBy(() -> sink.accept(HandmadeReadings.spectrum(0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void refusesAJournalThatIsNotThere() {
    assertThatThrownBy(() -> JournalReader.open(directory.resolve("absent.jsonl")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot read the journal " + directory.resolve("absent.jsonl"));
  }

  @Test
  void namesBothVersionsWhenTheSchemaIsNewer() throws IOException {
    Path path =
        Files.writeString(
            directory.resolve("journal.jsonl"),
            line(HandmadeReadings.spectrum(0)) + "{\"schema\":2,\"provenance\":[]}\n");

    for (OnCorruptLine policy : OnCorruptLine.values()) {
      try (JournalReader journal = JournalReader.open(path, policy)) {
        journal.next();
        assertThatThrownBy(journal::hasNext)
            .isInstanceOf(UncheckedIOException.class)
            .hasMessageContaining("line 2")
            .hasMessageContaining("schema 2")
            .hasMessageContaining("up to 1");
      }
    }
  }

  @Test
  void ignoresFieldsItDoesNotKnow() throws IOException {
    Path path =
        Files.writeString(
            directory.resolve("journal.jsonl"),
            line(HandmadeReadings.spectrum(0))
                .replace("{\"schema\":1,", "{\"colour\":{\"red\":[1]},\"schema\":1,")
                .replace("\"provenance\":{", "\"provenance\":{\"host\":\"h\",")
                .replace("\"order\":", "\"unit\":null,\"order\":"));

    assertThat(read(path)).containsExactly(RecordedReading.of(HandmadeReadings.spectrum(0)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not json at all",
        "{\"schema\":1}",
        "{}",
        "[]",
        "17",
        "{\"schema\":\"one\"}",
        "{\"schema\":0}",
        "{\"schema\":1}{\"schema\":1}",
        "\u0000\u0001",
      })
  void aCorruptLineIsAnErrorOrSkippedAsAsked(String corrupt) throws IOException {
    Path path =
        Files.writeString(
            directory.resolve("journal.jsonl"),
            line(HandmadeReadings.spectrum(0))
                + "\n"
                + corrupt
                + "\n"
                + line(HandmadeReadings.spectrum(1)));

    try (JournalReader journal = JournalReader.open(path)) {
      journal.next();
      assertThatThrownBy(journal::next)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(path.toString())
          .hasMessageContaining("line 3");
    }
    try (JournalReader journal = JournalReader.open(path, OnCorruptLine.SKIP)) {
      assertThat(all(journal)).hasSize(2);
      assertThat(journal.skipped()).extracting(SkippedLine::number).containsExactly(3L);
    }
  }

  @Test
  void saysWhichFieldIsWrong() throws IOException {
    String good = line(HandmadeReadings.spectrum(0));
    assertThat(failure(good.replace("\"run\":", "\"ran\":"))).contains("'run' is missing");
    assertThat(failure(good.replace("\"iteration\":0", "\"iteration\":0.5")))
        .contains("'iteration' must be an integer");
    assertThat(failure(good.replace("\"time\":\"2026", "\"time\":\"noon")))
        .contains("'noon-01-02T03:04:05.500Z'");
    assertThat(failure(good.replace("\"weights\":[0.25,0.5,0.25]", "\"weights\":[0.25]")))
        .contains("3 nodes and 1 weights");
    assertThat(failure(good.replace("\"nodes\":[-1.5,", "\"nodes\":[null,"))).contains("NaN");
    assertThat(failure(good.replace("\"layer\":\"all\"", "\"layer\":7")))
        .contains("'tags.layer' must be a text");
  }

  @Test
  void readsLazily() throws IOException {
    Path path =
        Files.writeString(
            directory.resolve("journal.jsonl"), line(HandmadeReadings.spectrum(0)) + "garbage\n");

    try (JournalReader journal = JournalReader.open(path)) {
      assertThat(journal.next()).isEqualTo(RecordedReading.of(HandmadeReadings.spectrum(0)));
    }
  }

  private String failure(String content) throws IOException {
    Path path = Files.writeString(directory.resolve("journal.jsonl"), content);
    try (JournalReader journal = JournalReader.open(path)) {
      journal.next();
    } catch (UncheckedIOException e) {
      return e.getMessage();
    }
    throw new AssertionError("no failure for " + content);
  }

  /** Returns a small reading with what a line could be torn in: signs, escapes, wide characters. */
  private static Reading awkward() {
    return new RecordedReading(
        HandmadeReadings.provenance("awk\"ward\\\n\r\u2028", -1),
        List.of(
            new Measurement("a", Map.of("k", "λ — 😀"), Double.NaN),
            new Measurement("b", Map.of(), -1.25e-300)),
        List.of(
            new Spectrum(
                "s",
                Map.of(),
                3,
                List.of(new QuadratureRule(new double[] {-0.0}, new double[] {1})))),
        List.of("", "λ\u0000"));
  }

  private static Reading reading(List<Measurement> measurements, List<String> notes) {
    return new RecordedReading(
        HandmadeReadings.provenance("probe", 0), measurements, List.of(), notes);
  }

  private static String line(Reading reading) {
    return new String(JournalFormat.line(reading), UTF_8);
  }

  private static void write(Path path, List<? extends Reading> readings) {
    try (JournalSink sink = JournalSink.open(path)) {
      readings.forEach(sink::accept);
    }
  }

  private static List<RecordedReading> read(Path path) {
    try (JournalReader journal = JournalReader.open(path)) {
      return all(journal);
    }
  }

  private static List<RecordedReading> all(JournalReader journal) {
    List<RecordedReading> all = new ArrayList<>();
    journal.forEachRemaining(all::add);
    return all;
  }

  private static long[] bits(double[] values) {
    return Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray();
  }

  /** A stream that writes as much as there is room for and then fails, as a full disk does. */
  private static final class FullDisk extends OutputStream {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private int room = Integer.MAX_VALUE;

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int fits = Math.min(room, length);
      content.write(bytes, offset, fits);
      room -= fits;
      if (fits < length) {
        throw new IOException("No space left on device");
      }
    }
  }
}
