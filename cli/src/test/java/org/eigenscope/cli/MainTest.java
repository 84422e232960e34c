package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class MainTest {

  /** Ends as it is told to. */
  @Command(name = "end")
  private static final class End implements Callable<Integer> {
    private final Callable<Integer> how;

    private End(Callable<Integer> how) {
      this.how = how;
    }

    @Override
    public Integer call() throws Exception {
      return how.call();
    }
  }

  private static Shell shellThat(Callable<Integer> how) {
    CommandLine commandLine = Main.commandLine();
    return new Shell(commandLine.addSubcommand(new End(how)));
  }

  @Test
  void helpGoesToStandardOutput() {
    Shell shell = new Shell();

    assertThat(shell.run("--help")).isZero();
    assertThat(shell.out()).startsWith("Usage: eigenscope").contains("analyze");
    assertThat(shell.err()).isEmpty();
  }

  @Test
  void versionIsOneLine() {
    Shell shell = new Shell();

    assertThat(shell.run("--version")).isZero();
    assertThat(shell.out().lines()).singleElement().asString().startsWith("eigenscope ");
  }

  @Test
  void noCommandIsMisuse() {
    Shell shell = new Shell();

    assertThat(shell.run()).isEqualTo(2);
    assertThat(shell.out()).isEmpty();
    assertThat(shell.err())
        .startsWith("eigenscope: a command must be given: one of ")
        .contains("analyze")
        .endsWith("\nTry 'eigenscope --help' for more information.\n");
  }

  @Test
  void anUnknownOptionIsMisuse() {
    Shell shell = new Shell();

    assertThat(shell.run("--colour")).isEqualTo(2);
    assertThat(shell.err())
        .isEqualTo(
            """
            eigenscope: Unknown option: '--colour'
            Try 'eigenscope --help' for more information.
            """);
  }

  @Test
  void theStatusOfACommandIsTheStatus() {
    assertThat(shellThat(() -> 0).run("end")).isZero();
    assertThat(shellThat(() -> 1).run("end")).isEqualTo(1);
  }

  @Test
  void anExpectedFailureIsOneLine() {
    Shell shell =
        shellThat(
            () -> {
              throw new ExpectedFailure("the sky must be blue,\n  got grey\n");
            });

    assertThat(shell.run("end")).isEqualTo(1);
    assertThat(shell.err()).isEqualTo("eigenscope: the sky must be blue, got grey\n");
    assertThat(shell.out()).isEmpty();
  }

  @Test
  void anUnexpectedFailureIsOneLineThatNamesItsClass() {
    Shell shell =
        shellThat(
            () -> {
              throw new UnsupportedOperationException("not here");
            });

    assertThat(shell.run("end")).isEqualTo(1);
    assertThat(shell.err())
        .isEqualTo(
            "eigenscope: unexpected java.lang.UnsupportedOperationException: not here"
                + " (--stacktrace shows where)\n");
  }

  @Test
  void aStackTraceIsShownOnRequest() {
    Callable<Integer> failing =
        () -> {
          throw new ExpectedFailure("what");
        };

    for (String[] args : new String[][] {{"--stacktrace", "end"}, {"end", "-v"}}) {
      Shell shell = shellThat(failing);
      assertThat(shell.run((Object[]) args)).isEqualTo(1);
      assertThat(shell.err())
          .startsWith("eigenscope: what\norg.eigenscope.cli.ExpectedFailure: what\n\tat ");
    }
  }

  @Test
  void runningOutOfMemoryIsAFailureWithARemedy() {
    Shell shell =
        shellThat(
            () -> {
              throw new OutOfMemoryError("Java heap space");
            });

    assertThat(shell.run("end")).isEqualTo(1);
    assertThat(shell.err())
        .isEqualTo(
            "eigenscope: out of memory: Java heap space; allow more with -Xmx (heap) or"
                + " -Dorg.bytedeco.javacpp.maxbytes (arrays)\n");
  }
}
