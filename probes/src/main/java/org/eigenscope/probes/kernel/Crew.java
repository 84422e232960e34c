package org.eigenscope.probes.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Threads of one's own. They work in teams: the members of a team go through the same program, each
 * on its own share of the data, and meet at barriers.
 *
 * <p><b>Threading.</b> One task at a time.
 */
public final class Crew implements AutoCloseable {
  private final int threads;
  private final ExecutorService executor;

  /**
   * Makes a crew; its threads are daemons and start when they are needed.
   *
   * @param threads number of threads, at least 1
   * @param enter what each thread does before anything else
   */
  public Crew(int threads, Runnable enter) {
    this.threads = threads;
    this.executor =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread =
                  new Thread(
                      () -> {
                        enter.run();
                        task.run();
                      },
                      "eigenscope-crew");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Returns the number of threads. */
  public int threads() {
    return threads;
  }

  /** What a member of a team does. */
  public interface Task {
    /** Does the share of one member. */
    void run(Worker worker);
  }

  /**
   * Runs a task on all members of some teams and waits for them. The calling thread does nothing
   * meanwhile, so that none of its settings matter.
   *
   * @param teams number of teams, between 1 and the number of threads, which are dealt out evenly
   * @throws RuntimeException what a member threw
   */
  public void run(int teams, Task task) {
    List<Future<?>> members = new ArrayList<>();
    for (int team = 0; team < teams; team++) {
      int size = threads / teams + (team < threads % teams ? 1 : 0);
      Meeting meeting = new Meeting(size);
      for (int index = 0; index < size; index++) {
        Worker worker = new Worker(team, index, size, meeting);
        members.add(
            executor.submit(
                () -> {
                  try {
                    task.run(worker);
                  } catch (RuntimeException | Error e) {
                    meeting.abandon();
                    throw e;
                  }
                }));
      }
    }
    await(members);
  }

  private static void await(List<Future<?>> members) {
    Throwable failure = null;
    boolean interrupted = false;
    for (Future<?> member : members) {
      boolean done = false;
      while (!done) {
        try {
          member.get();
          done = true;
        } catch (InterruptedException e) {
          // The members work on memory that the caller would free: wait, and tell it afterwards.
          interrupted = true;
        } catch (ExecutionException e) {
          done = true;
          if (failure == null || failure instanceof Meeting.AbandonedException) {
            failure = e.getCause();
          }
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
