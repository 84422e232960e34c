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
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A command that measures something and writes its figures as JSON and as a table.
 *
 * <p>Exit status: 0; 1 for a failure, 2 for misuse, each with one line on standard error.
 */
abstract class Benchmark implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", required = true, description = "File to write the figures to.")
  private @Nullable Path json;

  @Option(
      names = "--markdown",
      description = "File to write the figures to as a table, in Markdown.")
  private @Nullable Path markdown;

  @Option(
      names = "--threads",
      description = "Threads of the tangent engine; default all processors.")
  private @Nullable Integer threads;

  /** Returns a command line of a new command: commands keep the options of their last run. */
  static CommandLine commandLine(Benchmark command) {
    return new CommandLine(command)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(
            (exception, arguments) -> {
              exception.getCommandLine().getErr().println(exception.getMessage());
              return ExitCode.USAGE;
            })
        .setExecutionExceptionHandler(
            (exception, line, result) -> {
              line.getErr().println(line.getCommandName() + ": " + exception);
              return ExitCode.SOFTWARE;
            });
  }

  @Override
  public final Integer call() throws IOException {
    if (threads != null && threads < 1) {
      throw misuse("threads must be at least 1, got " + threads);
    }
    Path target = Objects.requireNonNull(json).toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw misuse("the directory of --json must exist, got " + directory);
    }
    Figures figures = measure();
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    write(target, mapper.writeValueAsString(figures) + "\n");
    String table = figures.table();
    if (markdown != null) {
      write(markdown.toAbsolutePath(), table);
    }
    PrintWriter out = line().getOut();
    out.print(table);
    out.flush();
    return ExitCode.OK;
  }

  /** Figures, whose other components are their form in JSON. */
  interface Figures {
    /** Returns the figures as a table in Markdown. */
    String table();
  }

  /** Returns what the options ask for. */
  abstract Figures measure() throws IOException;

  /** Returns the threads that were asked for. */
  final int threads(int otherwise) {
    return threads == null ? otherwise : threads;
  }

  /** Says on standard error what is being done. */
  final void say(String format, Object... arguments) {
    PrintWriter err = line().getErr();
    err.println(String.format(Locale.ROOT, format, arguments));
    err.flush();
  }

  final ParameterException misuse(String message) {
    return new ParameterException(line(), message);
  }

  final void checkAtLeast(int least, String option, int value) {
    if (value < least) {
      throw misuse("%s must be at least %d, got %d".formatted(option, least, value));
    }
  }

  private CommandLine line() {
    return Objects.requireNonNull(spec).commandLine();
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

  /** Returns this moment, in UTC. */
  static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  static String machine() throws IOException {
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
