package org.eigenscope.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command {@code eigenscope}.
 *
 * <p>Exit status: 0; 1 for a failure, with one line on standard error; 2 for misuse, with one line
 * and where to find help.
 */
@Command(
    name = "eigenscope",
    description = "Hessian spectra of Deeplearning4j networks.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    scope = ScopeType.INHERIT,
    subcommands = {
      DemoCommand.class,
      AnalyzeCommand.class,
      StructureCommand.class,
      CompareCommand.class,
      BoundCommand.class,
      ReportCommand.class,
      ServeCommand.class,
    })
public final class Main implements Runnable {
  private static final String NO_DELAY = "sun.net.httpserver.nodelay";

  /** Who prints what JavaCPP warns of: else standard error, whatever the log's levels. */
  private static final String NATIVE_LOGGER = "org.bytedeco.javacpp.logger";

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-v", "--stacktrace"},
      scope = ScopeType.INHERIT,
      description = "After a failure, show where in the program it happened.")
  private boolean stackTrace;

  private Main() {}

  /** Runs the command and ends the process with its exit status. */
  public static void main(String[] args) {
    // Read when the server's class loads: without it a small answer takes 40 ms.
    setUnlessGiven(NO_DELAY, "true");
    setUnlessGiven(NATIVE_LOGGER, "slf4j");
    System.exit(execute(commandLine(), args));
  }

  private static void setUnlessGiven(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** Returns the command line, which has no state of earlier runs. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        // What is promised to be UTF-8 must not depend on the platform.
        .setOut(
            new PrintWriter(
                new OutputStreamWriter(
                    new FileOutputStream(FileDescriptor.out), StandardCharsets.UTF_8)))
        .setParameterExceptionHandler(Main::misused)
        .setExecutionExceptionHandler(Main::failed);
  }

  /** Runs a command line and returns its exit status, after errors of the virtual machine too. */
  static int execute(CommandLine commandLine, String... args) {
    try {
      return commandLine.execute(args);
    } catch (OutOfMemoryError e) {
      commandLine
          .getErr()
          .println(
              "eigenscope: out of memory: %s; allow more with -Xmx (heap) or -Dorg.bytedeco.javacpp.maxbytes (arrays)"
                  .formatted(oneLine(String.valueOf(e.getMessage()))));
      return ExitCode.SOFTWARE;
    } finally {
      commandLine.getOut().flush();
      commandLine.getErr().flush();
    }
  }

  @Override
  public void run() {
    CommandLine commandLine = commandSpec().commandLine();
    throw new ParameterException(
        commandLine,
        "a command must be given: one of "
            + String.join(", ", commandLine.getSubcommands().keySet()));
  }

  private CommandSpec commandSpec() {
    if (spec == null) {
      throw new IllegalStateException("not part of a command line");
    }
    return spec;
  }

  private static int misused(ParameterException exception, String[] args) {
    CommandLine command = exception.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("eigenscope: " + oneLine(String.valueOf(exception.getMessage())));
    err.println(
        "Try '%s --help' for more information."
            .formatted(command.getCommandSpec().qualifiedName()));
    return ExitCode.USAGE;
  }

  private static int failed(Exception exception, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    Main main = command.getCommandSpec().root().userObject() instanceof Main root ? root : null;
    boolean stackTrace = main != null && main.stackTrace;
    if (exception instanceof ExpectedFailure) {
      err.println("eigenscope: " + oneLine(String.valueOf(exception.getMessage())));
    } else {
      err.println(
          "eigenscope: unexpected %s: %s%s"
              .formatted(
                  exception.getClass().getName(),
                  oneLine(String.valueOf(exception.getMessage())),
                  stackTrace ? "" : " (--stacktrace shows where)"));
    }
    if (stackTrace) {
      exception.printStackTrace(err);
    }
    return ExitCode.SOFTWARE;
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** The version that the jar's manifest names. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "eigenscope " + (version == null ? "(not from a released jar)" : version)
      };
    }
  }
}
