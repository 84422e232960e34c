package org.eigenscope.listeners;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;

/**
 * Decides which reports of iterations and epochs are news.
 *
 * <p>One training reports an iteration once from a plain {@code fit}, and once from each worker of
 * a ParallelWrapper, with the worker's replica as the model. The first report is news, the others
 * are not. A worker that got fewer batches lags behind and repeats numbers; those are no news
 * either. Three reports begin another training, in which numbers may start over:
 *
 * <ul>
 *   <li>a model reports an iteration that is not beyond its own last one;
 *   <li>a thread that reported one model begins to report another (workers keep to one replica);
 *   <li>a new model begins before the highest iteration (workers begin together).
 * </ul>
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
final class TrainingProgress {

  /** What a report of an iteration is. */
  enum Report {
    /** The first report of an iteration of the training. */
    NEWS,
    /** A further report of an iteration that is dealt with. */
    REPEATED,
    /** The first report of another training. */
    RESTARTED
  }

  private final List<Reporter> reporters = new ArrayList<>();
  private int highest = -1;
  private int lastEpochEnd = -1;

  /** Takes note of an iteration that a thread reports for a model. */
  Report iterationDone(Model model, Thread thread, int iteration) {
    reporters.removeIf(reporter -> reporter.model.get() == null);
    Reporter known = reporterOf(model);
    boolean restarted =
        known != null
            ? iteration <= known.iteration
            : iteration < highest || reporters.stream().anyMatch(r -> r.thread.get() == thread);
    if (restarted) {
      reporters.clear();
      known = null;
      highest = -1;
      lastEpochEnd = -1;
    }
    if (known == null) {
      known = new Reporter(model);
      reporters.add(known);
    }
    known.iteration = iteration;
    known.thread = new WeakReference<>(thread);
    if (iteration <= highest) {
      return Report.REPEATED;
    }
    highest = iteration;
    return restarted ? Report.RESTARTED : Report.NEWS;
  }

  /** Takes note of an epoch's end after an iteration; returns whether it is the first report. */
  boolean epochEnded(int iteration) {
    if (iteration < 0 || iteration < highest || iteration == lastEpochEnd) {
      return false;
    }
    lastEpochEnd = iteration;
    return true;
  }

  private @Nullable Reporter reporterOf(Model model) {
    for (Reporter reporter : reporters) {
      if (reporter.model.get() == model) {
        return reporter;
      }
    }
    return null;
  }

  private static final class Reporter {
    private final WeakReference<Model> model;
    private WeakReference<Thread> thread = new WeakReference<>(null);
    private int iteration;

    private Reporter(Model model) {
      this.model = new WeakReference<>(model);
    }
  }
}
