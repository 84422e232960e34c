package org.eigenscope.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.eigenscope.cli.demo.DemoSettings.ProbeSize;
import org.eigenscope.listeners.journal.JournalReader;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
  private static final ProbeSize TINY = new ProbeSize(1, 1, 6, 3);

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  @Test
  void leavesATableAJournalAPictureAndTheModel() throws IOException {
    DemoOutcome outcome = demo(folder, 4, 2, TINY).run();

    assertThat(outcome).isEqualTo(new DemoOutcome(4, 3, null, false));
    assertThat(out.toString().lines().filter(line -> line.matches(" +\\d.*")).toList())
        .satisfiesExactly(
            row -> assertThat(row).startsWith("        0  "),
            row -> assertThat(row).startsWith("        2  "),
            row -> assertThat(row).startsWith("        3  "));
    assertThat(out.toString())
        .contains(
            "digits drawn by this program",
            "http://127.0.0.1:",
            "4 iterations and 3 readings in",
            "held-out images right");
    DemoFiles files = DemoFiles.in(folder);
    assertThat(readings(files.journal()))
        .extracting(reading -> reading.provenance().iteration())
        .containsExactly(0, 2, 3);
    assertThat(readings(files.journal()))
        .allSatisfy(
            reading ->
                assertThat(reading.spectra())
                    .extracting(Spectrum::name)
                    .containsExactly(Spectrum.EIGENVALUES, Spectrum.GRADIENT));
    assertThat(files.model()).isNotEmptyFile();
    assertThat(files.features()).isNotEmptyFile();
    assertThat(files.labels()).isNotEmptyFile();
    // Without fonts there is no picture, and a line that says so.
    if (Files.exists(files.picture())) {
      assertThat(out.toString()).contains("spectrum.png");
      assertThat(err.toString()).doesNotContain("eigenscope:");
    } else {
      assertThat(out.toString()).doesNotContain("spectrum.png");
      assertThat(err.toString()).containsOnlyOnce("eigenscope: cannot draw the spectrum");
    }
  }

  @Test
  void readingsWithoutDrawsAreShownWithoutAPicture() throws IOException {
    DemoOutcome outcome = demo(folder, 1, 1, new ProbeSize(1, 0, 6, 3)).run();

    assertThat(outcome).isEqualTo(new DemoOutcome(1, 1, null, false));
    assertThat(out.toString())
        .containsPattern("(?m)^ +0 .* - \\+- - ")
        .doesNotContain("spectrum.png");
    assertThat(err.toString()).doesNotContain("eigenscope:");
    DemoFiles files = DemoFiles.in(folder);
    assertThat(files.picture()).doesNotExist();
    assertThat(readings(files.journal()))
        .singleElement()
        .satisfies(r -> assertThat(r.spectra()).isEmpty());
  }

  @Test
  void theSameSeedGivesTheSameReadings() throws IOException {
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    demo(one, 3, 2, TINY).run();
    demo(two, 3, 2, TINY).run();
    List<RecordedReading> first = readings(DemoFiles.in(one).journal());
    List<RecordedReading> second = readings(DemoFiles.in(two).journal());
    assertThat(first).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(second.get(i).measurements()).isEqualTo(first.get(i).measurements());
      assertThat(second.get(i).spectra()).isEqualTo(first.get(i).spectra());
    }
  }

  @Test
  void endsWithWhatWasCapturedWhenItIsAskedToStop() throws IOException {
    AtomicReference<Demo> running = new AtomicReference<>();
    StringWriter stopping =
        new StringWriter() {
          @Override
          public void write(String text, int from, int length) {
            super.write(text, from, length);
            // The first row of the table.
            if (text.startsWith("        0  ")) {
              running.get().stop();
            }
          }
        };
    Demo demo = new Demo(settings(folder, 1000, 500, TINY), writer(stopping), writer(err), false);
    running.set(demo);

    DemoOutcome outcome = demo.run();

    assertThat(outcome).isEqualTo(new DemoOutcome(1, 1, null, true));
    assertThat(stopping.toString()).contains("Stopped: 1 iterations and 1 readings");
    assertThat(readings(DemoFiles.in(folder).journal())).hasSize(1);
  }

  @Test
  void endsAfterTheTimeItMayTake() throws IOException {
    DemoSettings settings =
        new DemoSettings(null, 1, Integer.MAX_VALUE, Integer.MAX_VALUE, 0, 1, folder, TINY);
    DemoOutcome outcome = new Demo(settings, writer(out), writer(err), false).run();
    assertThat(outcome.iterations()).isBetween(1, 100_000);
    assertThat(outcome.stopped()).isFalse();
  }

  @Test
  void saysWhyAReadingFailed() throws IOException {
    DemoOutcome outcome = demo(folder, 1, 1, new ProbeSize(1, 1, 6, 1_000_000)).run();
    assertThat(outcome.readings()).isZero();
    assertThat(outcome.failure()).startsWith("the reading at iteration 0 failed: ").contains("top");
    assertThat(out.toString()).doesNotContain("spectrum.png");
  }

  private Demo demo(Path to, int iterations, int every, ProbeSize size) {
    return new Demo(settings(to, iterations, every, size), writer(out), writer(err), false);
  }

  private static DemoSettings settings(Path to, int iterations, int every, ProbeSize size) {
    return new DemoSettings(null, 300, iterations, every, 0, 1, to, size);
  }

  private static PrintWriter writer(StringWriter to) {
    return new PrintWriter(to, true);
  }

  private static List<RecordedReading> readings(Path journal) {
    List<RecordedReading> all = new ArrayList<>();
    try (JournalReader reader = JournalReader.open(journal)) {
      reader.forEachRemaining(all::add);
    }
    return all;
  }
}
