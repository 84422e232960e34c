package org.eigenscope.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eigenscope.cli.demo.Demo;
import org.eigenscope.cli.demo.DemoOutcome;
import org.eigenscope.cli.demo.DemoSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code eigenscope demo}: a small network in training, its spectrum live.
 *
 * <p>Ctrl-C ends the training after the minibatch or reading in progress, and the command with its
 * summary and status 130, as shells expect of an interrupted program.
 */
@Command(
    name = "demo",
    description = {
      "Trains a small convolutional network on images of digits and shows its Hessian's spectrum"
          + " while it does: a table row for each reading, metrics for Prometheus, a journal and a"
          + " picture.",
      "",
      "It ends after --iterations or --seconds, whichever comes first. Ctrl-C ends it early, with"
          + " what was captured and exit status 130.",
      "",
    },
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  private static final int MAX_SECONDS = 7 * 24 * 3600;
  private static final int MAX_ITERATIONS = 10_000_000;
  private static final int MAX_PORT = 65_535;

  /** How long an interrupted process waits for the reading in progress. */
  private static final int STOP_SECONDS = 30;

  /** A minibatch and the summary take less; a reading more. */
  private static final int STOP_AT_ONCE_MILLIS = 1000;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with MNIST's four IDX files (train-images-idx3-ubyte, ...), plain or .gz."
              + " Default: those in Deeplearning4j's cache, or else digits that the demo draws.")
  private @Nullable Path data;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "120",
      description = "Longest training in seconds, readings included. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "500",
      description = "Longest training in minibatches. Default: ${DEFAULT-VALUE}.")
  private int iterations;

  @Option(
      names = "--every",
      paramLabel = "N",
      defaultValue = "50",
      description = "Iterations from one reading to the next. Default: ${DEFAULT-VALUE}.")
  private int every;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "9464",
      description =
          "Port of page and metrics on the loopback address, 0 for a free one. Default:"
              + " ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of everything random. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "eigenscope-out",
      description =
          "Folder to write to; files of an earlier demo in it are replaced. Default:"
              + " ${DEFAULT-VALUE}.")
  private Path out = Path.of("eigenscope-out");

  @Override
  public Integer call() {
    requireRange("--seconds", seconds, 1, MAX_SECONDS);
    requireRange("--iterations", iterations, 1, MAX_ITERATIONS);
    requireRange("--every", every, 1, MAX_ITERATIONS);
    requireRange("--port", port, 0, MAX_PORT);
    return run(
        new DemoSettings(
            data, seconds, iterations, every, port, seed, out, DemoSettings.ProbeSize.defaults()));
  }

  /** Runs a demo and returns the command's status. */
  int run(DemoSettings settings) {
    Demo demo =
        new Demo(
            settings, spec.commandLine().getOut(), spec.commandLine().getErr(), Demo.onTerminal());
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook = new Thread(() -> stop(demo, ended, settings.out()), "stop-demo");
    Runtime.getRuntime().addShutdownHook(hook);
    DemoOutcome outcome;
    try {
      outcome = demo.run();
    } catch (IOException | UncheckedIOException e) {
      throw new ExpectedFailure(String.valueOf(e.getMessage()), e);
    } finally {
      ended.countDown();
      removeHook(hook);
    }
    if (outcome.failure() != null) {
      throw new ExpectedFailure(outcome.failure());
    }
    return ExitCode.OK;
  }

  private void requireRange(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw new ParameterException(
          spec.commandLine(),
          "%s must be between %d and %d, got %d".formatted(option, min, max, value));
    }
  }

  /** Runs while the process is being interrupted: lets the demo end in its own thread. */
  private void stop(Demo demo, CountDownLatch ended, Path folder) {
    PrintWriter err = spec.commandLine().getErr();
    demo.stop();
    try {
      if (ended.await(STOP_AT_ONCE_MILLIS, TimeUnit.MILLISECONDS)) {
        return;
      }
      err.println();
      err.println("Stopping after the reading in progress.");
      err.flush();
      if (!ended.await(STOP_SECONDS, TimeUnit.SECONDS)) {
        err.println(
            "eigenscope: gave up the reading in progress after %d s; those before it are in %s"
                .formatted(STOP_SECONDS, folder));
        err.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, and the hook running.
    }
  }
}
