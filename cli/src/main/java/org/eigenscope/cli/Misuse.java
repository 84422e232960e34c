package org.eigenscope.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What a command says of options that parse and mean nothing: one line, and status 2. */
final class Misuse {
  private Misuse() {}

  static ParameterException of(CommandSpec spec, String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  static void checkAtLeast(CommandSpec spec, int least, String option, int value) {
    if (value < least) {
      throw of(spec, "%s must be at least %d, got %d".formatted(option, least, value));
    }
  }
}
