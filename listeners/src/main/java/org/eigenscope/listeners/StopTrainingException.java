package org.eigenscope.listeners;

/**
 * Thrown by a {@link ReadingSink} to stop the training whose reading or event it got. The listener
 * gives it to the other sinks nonetheless, and then throws it on the training thread: at once when
 * probes are synchronous; when they are asynchronous, at the next iteration, the next end of an
 * epoch or when the listener is closed, whichever comes first.
 */
public final class StopTrainingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message why the training stops, for whoever started it
   */
  public StopTrainingException(String message) {
    super(message);
  }
}
