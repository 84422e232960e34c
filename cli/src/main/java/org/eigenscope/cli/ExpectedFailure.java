package org.eigenscope.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * A failure that its message alone explains to the person at the shell: a command ends with that
 * one line and status 1.
 */
final class ExpectedFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  ExpectedFailure(String message) {
    super(message);
  }

  ExpectedFailure(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Returns the failure that an input or output error is for the user.
   *
   * @param action what was tried, for example {@code read}
   */
  static ExpectedFailure of(String action, Path file, IOException cause) {
    return new ExpectedFailure("cannot %s %s: %s".formatted(action, file, reason(cause)), cause);
  }

  /**
   * Returns what a measurement does, and turns what it refuses of models and data, with the rule in
   * its message, into a failure of that message.
   */
  static <T> T orRefusal(Supplier<T> measurement) {
    try {
      return measurement.get();
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | ArithmeticException e) {
      String rule = e.getMessage();
      if (rule == null) {
        throw e;
      }
      throw new ExpectedFailure(rule, e);
    }
  }

  private static String reason(IOException cause) {
    // The messages of these two are the path alone.
    if (cause instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : lowerCaseStart(message);
  }

  private static String lowerCaseStart(String message) {
    return message.isEmpty()
        ? message
        : message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
  }
}
