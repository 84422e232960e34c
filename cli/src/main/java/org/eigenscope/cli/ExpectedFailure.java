package org.eigenscope.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

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
