package org.eigenscope.cli.demo;

import java.io.Console;
import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * A progress bar: one line that is drawn over on a terminal; elsewhere a new line now and then.
 *
 * <p>Whoever writes to the same terminal does so through {@link #above}.
 */
public final class Progress implements AutoCloseable {
  /** Set by the script that starts Java, which can ask about standard error alone. */
  private static final String TERMINAL = "eigenscope.terminal";

  private static final int TERMINAL_MILLIS = 250;
  private static final int PLAIN_MILLIS = 15_000;

  private final Line line;
  private final ProgressBar bar;

  private Progress(Line line, ProgressBar bar) {
    this.line = line;
    this.bar = bar;
  }

  /**
   * Starts a bar.
   *
   * @param task a word before the bar
   * @param steps expected number of steps
   * @param to standard error
   * @param terminal whether {@code to} can go back to the start of a line
   */
  public static Progress start(String task, int steps, PrintWriter to, boolean terminal) {
    Line line = new Line(to, terminal);
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(steps)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(terminal ? TERMINAL_MILLIS : PLAIN_MILLIS)
            .continuousUpdate()
            .setConsumer(line)
            .build();
    return new Progress(line, bar);
  }

  /** Returns whether standard error is, as far as Java can tell or was told, a terminal. */
  public static boolean onTerminal() {
    return onTerminal(System.getProperty(TERMINAL));
  }

  /** Returns what was told, or else whether Java has a console: the two other streams are one. */
  static boolean onTerminal(@Nullable String told) {
    return told == null ? hasConsole() : Boolean.parseBoolean(told);
  }

  @SuppressWarnings("SystemConsoleNull") // What it became in Java 22 is asked below.
  private static boolean hasConsole() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      // Since Java 22 there is a console without a terminal, and this method to tell.
      return (Boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }

  /**
   * Moves the bar.
   *
   * @param done steps done
   * @param expected steps expected in all, by now
   * @param message a few words on the state of things
   */
  public void show(int done, int expected, String message) {
    bar.maxHint(Math.max(done, expected));
    bar.stepTo(done);
    bar.setExtraMessage(message);
  }

  /** Writes whole lines, which the bar then stays below. */
  public void above(Runnable write) {
    line.above(write);
  }

  @Override
  public void close() {
    bar.close();
    // A bar that was never drawn before it closes draws itself then, and does not close its line.
    line.close();
  }

  /** The line that the bar is drawn on. */
  private static final class Line implements ProgressBarConsumer {
    private static final int WIDTH = 79;

    private final PrintWriter to;
    private final boolean terminal;
    private int drawn;
    private boolean closed;
    private String last = "";

    Line(PrintWriter to, boolean terminal) {
      this.to = to;
      this.terminal = terminal;
    }

    @Override
    public int getMaxRenderedLength() {
      return WIDTH;
    }

    @Override
    public synchronized void accept(String text) {
      if (closed) {
        return; // a refresh that was under way when the bar closed
      }
      String bar = text.stripTrailing();
      if (!terminal) {
        // The bar is drawn once more when it closes.
        if (!bar.equals(last)) {
          to.println(bar);
          to.flush();
          last = bar;
        }
        return;
      }
      to.print('\r' + bar + " ".repeat(Math.max(0, drawn - bar.length())));
      to.flush();
      drawn = bar.length();
    }

    synchronized void above(Runnable write) {
      erase();
      write.run();
    }

    /** Erases the bar: what follows says how it ended. */
    @Override
    public synchronized void close() {
      erase();
      closed = true;
    }

    private void erase() {
      if (drawn > 0) {
        to.print('\r' + " ".repeat(drawn) + '\r');
        to.flush();
        drawn = 0;
      }
    }
  }
}
