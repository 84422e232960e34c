package org.eigenscope.listeners;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The thread on which a listener measures when it keeps the training thread free. */
final class BackgroundThread {
  private BackgroundThread() {}

  /** Returns an executor of one daemon thread, which does not keep a JVM alive. */
  static ExecutorService named(String name) {
    return Executors.newSingleThreadExecutor(
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }
}
