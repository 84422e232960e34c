package org.eigenscope.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Precision;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command {@code benchmarks/run}.
 *
 * <p>Exit status: 0; 1 for a failure, 2 for misuse, each with one line on standard error.
 */
@Command(
    name = "benchmarks/run",
    description = "Measures products, spectra and gradients.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Main implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", required = true, description = "File to write the figures to.")
  private @Nullable Path json;

  @Option(
      names = "--markdown",
      description = "File to write the figures to as a table, in Markdown.")
  private @Nullable Path markdown;

  @Option(
      names = "--network",
      split = ",",
      description = "Networks to measure: ${COMPLETION-CANDIDATES}; default all.")
  private List<BenchmarkNetwork> networks = List.of(BenchmarkNetwork.values());

  @Option(
      names = "--precision",
      split = ",",
      description = "Precisions to measure: ${COMPLETION-CANDIDATES}; default both.")
  private List<Precision> precisions = List.of(Precision.FLOAT, Precision.DOUBLE);

  @Option(
      names = "--engine",
      defaultValue = "AUTO",
      description = "Engine: ${COMPLETION-CANDIDATES}; default auto.")
  private Engine engine = Engine.AUTO;

  @Option(names = "--no-spectrum", description = "Leave the spectra out.")
  private boolean noSpectrum;

  @Option(
      names = "--repetitions",
      defaultValue = "9",
      description = "Runs that a median is taken of, at least 7; default 9.")
  private int repetitions = 9;

  @Option(
      names = "--threads",
      description = "Threads of the tangent engine; default all processors.")
  private int threads = Runtime.getRuntime().availableProcessors();

  Main() {}

  /** Runs the command and ends the process with its exit status. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** Returns the command line, which has no state of earlier runs. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(
            (exception, arguments) -> {
              exception.getCommandLine().getErr().println(exception.getMessage());
              return ExitCode.USAGE;
            })
        .setExecutionExceptionHandler(
            (exception, command, result) -> {
              command.getErr().println("benchmarks/run: " + exception);
              return ExitCode.SOFTWARE;
            });
  }

  @Override
  public Integer call() throws IOException {
    CommandLine command = java.util.Objects.requireNonNull(spec).commandLine();
    Stopwatch stopwatch;
    try {
      stopwatch = new Stopwatch(repetitions);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command, e.getMessage(), e);
    }
    if (threads < 1) {
      throw new ParameterException(command, "threads must be at least 1, got " + threads);
    }
    Path target = java.util.Objects.requireNonNull(json).toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new ParameterException(command, "the directory of --json must exist, got " + directory);
    }
    Measurements measurements = new Measurements(engine, threads, stopwatch);
    List<Case> cases = new ArrayList<>();
    for (BenchmarkNetwork network : networks) {
      for (Precision precision : precisions) {
        boolean spectrum =
            !noSpectrum && (precision == Precision.FLOAT || network == BenchmarkNetwork.MLP);
        command.getErr().printf("%s %s ...%n", network.tag(), precision);
        command.getErr().flush();
        cases.add(measurements.measure(network, precision, spectrum));
      }
    }
    Report report =
        new Report(
            machine(), Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), threads, cases);
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    write(target, mapper.writeValueAsString(report) + "\n");
    String table = Table.of(report);
    if (markdown != null) {
      write(markdown.toAbsolutePath(), table);
    }
    PrintWriter out = command.getOut();
    out.print(table);
    out.flush();
    return ExitCode.OK;
  }

  /** Writes a file whole or not at all. */
  private static void write(Path file, String content) throws IOException {
    Path part = Files.createTempFile(file.getParent(), ".benchmark", ".part");
    try {
      Files.writeString(part, content);
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static String machine() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    String processor = System.getProperty("os.arch");
    if (Files.isReadable(info)) {
      processor =
          Files.readAllLines(info).stream()
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1).strip())
              .findFirst()
              .orElse(processor);
    }
    return String.format(
        Locale.ROOT,
        "%s, %d processors, %s, Java %s",
        processor,
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name"),
        System.getProperty("java.version"));
  }
}
