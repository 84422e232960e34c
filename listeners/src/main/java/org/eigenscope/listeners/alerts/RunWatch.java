package org.eigenscope.listeners.alerts;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of one model of one run, of its matrices, its probes and its sinks.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class RunWatch {
  /** A share since the training began: the first readings, with all that starts, say nothing. */
  private static final int COMPLETED_BEFORE_OVERHEAD = 5;

  private final String run;
  private final String model;
  private final AlertLimits limits;
  private final SeriesBudget budget;
  private final Map<String, ProbeWatch> probes = new HashMap<>();
  private final Map<Map<String, String>, MatrixWatch> matrices = new HashMap<>();
  private final Map<String, SinkWatch> sinks = new HashMap<>();
  private final Signal overhead;
  private int completed;

  RunWatch(String run, String model, AlertLimits limits, SeriesBudget budget) {
    this.run = run;
    this.model = model;
    this.limits = limits;
    this.budget = budget;
    this.overhead = Signal.level(limits.overhead());
  }

  /**
   * What a reading tells.
   *
   * @param findings what is known of conditions now
   * @param jumped whether something is above what its own past allows, and is so anew
   */
  record Outcome(List<Finding> findings, boolean jumped) {}

  /** Returns whether a reading means that the run began again: the iteration of a probe is back. */
  boolean beginsAgain(Provenance provenance) {
    ProbeWatch probe = probes.get(provenance.probe());
    return probe != null && probe.beginsAgain(provenance.iteration());
  }

  /** Gives back what it takes of the budget. */
  void release() {
    budget.release(probes.size() + matrices.size() + sinks.size());
  }

  Outcome read(Reading reading, Occasion occasion, Instant seen) {
    List<Finding> findings = new ArrayList<>();
    boolean jumped = false;
    ProbeWatch probe = probe(occasion.probe());
    if (probe != null) {
      findings.addAll(probe.read(occasion.iteration(), occasion.time(), seen));
    }
    for (Map.Entry<Map<String, String>, MatrixReading> entry :
        MatrixReading.of(reading).entrySet()) {
      MatrixWatch matrix = matrix(entry.getKey());
      if (matrix != null) {
        findings.addAll(matrix.count(entry.getValue(), occasion));
        jumped |= matrix.hasJumped(occasion);
      }
    }
    return new Outcome(findings, jumped);
  }

  List<Finding> report(ProbeEvent event, Instant now) {
    if (event instanceof ProbeEvent.Undelivered undelivered) {
      SinkWatch sink = sink(undelivered);
      return sink == null ? List.of() : List.of(sink.report(undelivered, now));
    }
    List<Finding> findings = new ArrayList<>();
    ProbeWatch probe = probe(event.probe());
    if (probe != null) {
      findings.addAll(probe.report(event, now));
    }
    if (event instanceof ProbeEvent.Completed done) {
      completed++;
      if (completed >= COMPLETED_BEFORE_OVERHEAD) {
        overhead.count(done.overheadRatio());
        findings.add(overheadFinding(done.overheadRatio()));
      }
    }
    return findings;
  }

  private Finding overheadFinding(double ratio) {
    Subject subject = new Subject(Condition.OVERHEAD_ABOVE_BUDGET, run, model, null, Map.of());
    return overhead.isRaised()
        ? new Finding(
            subject,
            true,
            ratio,
            overhead.limit(),
            "the training thread gave %s of its time to probes"
                .formatted(Numbers.percentage(ratio)))
        : Finding.over(subject);
  }

  /** Returns what is watched of probes. */
  Iterable<ProbeWatch> probes() {
    return probes.values();
  }

  /** Returns what is watched of sinks: those that missed something. */
  Iterable<SinkWatch> sinks() {
    return sinks.values();
  }

  private @Nullable SinkWatch sink(ProbeEvent.Undelivered event) {
    SinkWatch known = sinks.get(event.sink());
    if (known == null
        && budget.take("sink %s of run %s, model %s".formatted(event.sink(), run, model))) {
      known = new SinkWatch(event);
      sinks.put(event.sink(), known);
    }
    return known;
  }

  private @Nullable ProbeWatch probe(String name) {
    ProbeWatch known = probes.get(name);
    if (known == null && budget.take("probe %s of run %s, model %s".formatted(name, run, model))) {
      known = new ProbeWatch(run, model, name);
      probes.put(name, known);
    }
    return known;
  }

  private @Nullable MatrixWatch matrix(Map<String, String> tags) {
    MatrixWatch known = matrices.get(tags);
    if (known == null && budget.take("%s of run %s, model %s".formatted(tags, run, model))) {
      known = new MatrixWatch(run, model, tags, limits);
      matrices.put(tags, known);
    }
    return known;
  }
}
