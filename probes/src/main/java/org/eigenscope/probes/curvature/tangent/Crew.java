package org.eigenscope.probes.curvature.tangent;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The threads of an engine. They work in teams: the members of a team go through the same program,
 * each on its own examples, and meet at barriers.
 */
final class Crew implements AutoCloseable {
  private final int threads;
  private final ExecutorService executor;

  /**
   * @param threads number of threads, at least 1
   * @param enter what each thread does before anything else
   */
  Crew(int threads, Runnable enter) {
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
                      "eigenscope-tangent");
              thread.setDaemon(true);
              return thread;
            });
  }

  int threads() {
    return threads;
  }

  /** What a member of a team does. */
  interface Task {
    void run(Worker worker);
  }

  /**
   * Runs a task on all members of some teams and waits for them. The calling thread does nothing
   * meanwhile, so that none of its settings matter.
   *
   * @param teams number of teams, between 1 and the number of threads, which are dealt out evenly
   */
  void run(int teams, Task task) {
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
