package org.eigenscope.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import picocli.CommandLine;

/** Runs the command line in this process and keeps what it says. */
final class Shell {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CommandLine commandLine;

  Shell() {
    this(Main.commandLine());
  }

  Shell(CommandLine commandLine) {
    this.commandLine =
        commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
  }

  /** Runs a command, whose arguments may be anything with a text form, and returns its status. */
  int run(Object... args) {
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = args[i] instanceof Path path ? path.toString() : String.valueOf(args[i]);
    }
    return Main.execute(commandLine, texts);
  }

  String out() {
    return out.toString();
  }

  String err() {
    return err.toString().replace(System.lineSeparator(), "\n");
  }
}
