package org.eigenscope.listeners.alerts;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eigenscope.listeners.alerts.Alert.State;
import org.jspecify.annotations.Nullable;

/**
 * The alerts that last, and what has been told of them.
 *
 * <p>A beginning is told at most once in an interval, and later if the alert lasts; an end is told
 * if, and only if, its beginning was.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class AlertBook {
  private static final class Entry {
    private Alert alert;
    private boolean lasts;
    private boolean told;
    private @Nullable Instant raisedTold;

    private Entry(Alert alert) {
      this.alert = alert;
    }
  }

  private final Duration interval;
  private final Map<Subject, Entry> entries = new LinkedHashMap<>();
  private final Set<Entry> untold = new LinkedHashSet<>();

  AlertBook(Duration interval) {
    this.interval = interval;
  }

  /** Takes note of a finding; returns the alert if this raised it. */
  @Nullable Alert note(Finding finding, Occasion occasion) {
    Entry entry = entries.get(finding.subject());
    if (finding.holds()) {
      if (entry != null && entry.lasts) {
        entry.alert = alert(finding, entry.alert);
        return null;
      }
      Alert raised = alert(finding, occasion);
      if (entry == null) {
        entry = new Entry(raised);
        entries.put(finding.subject(), entry);
      }
      entry.alert = raised;
      entry.lasts = true;
      changed(entry);
      return raised;
    }
    if (entry != null && entry.lasts) {
      end(entry, occasion);
    }
    return null;
  }

  /** Ends all alerts of a model of a run. */
  void endAll(String run, String model, Occasion occasion) {
    for (Map.Entry<Subject, Entry> known : entries.entrySet()) {
      Subject subject = known.getKey();
      if (known.getValue().lasts && subject.run().equals(run) && subject.model().equals(model)) {
        end(known.getValue(), occasion);
      }
    }
  }

  private void end(Entry entry, Occasion occasion) {
    Alert raised = entry.alert;
    entry.alert =
        new Alert(
            raised.name(),
            raised.severity(),
            State.RESOLVED,
            raised.run(),
            raised.model(),
            raised.probe(),
            raised.tags(),
            occasion.iteration(),
            occasion.time(),
            raised.value(),
            raised.limit(),
            "Resolved: " + raised.summary(),
            raised.runbook());
    entry.lasts = false;
    changed(entry);
  }

  private void changed(Entry entry) {
    untold.remove(entry);
    if (entry.lasts != entry.told) {
      untold.add(entry);
    }
  }

  /** Returns whether there is an alert to tell. */
  boolean hasNext(Instant now) {
    return untold.stream().anyMatch(entry -> !entry.lasts || mayTell(entry, now));
  }

  /** Returns the alert to tell next, which then counts as told; null if there is none now. */
  @Nullable Alert next(Instant now) {
    for (Entry entry : untold) {
      if (!entry.lasts || mayTell(entry, now)) {
        untold.remove(entry);
        entry.told = entry.lasts;
        if (entry.lasts) {
          entry.raisedTold = now;
        }
        return entry.alert;
      }
    }
    return null;
  }

  /**
   * Returns whether the interval since an alert was told is over; also when the clock went back.
   */
  private boolean mayTell(Entry entry, Instant now) {
    Instant last = entry.raisedTold;
    return last == null || Duration.between(last, now).abs().compareTo(interval) >= 0;
  }

  /** Forgets what is over and may be told again. */
  void forgetOld(Instant now) {
    entries.values().removeIf(entry -> !entry.lasts && !entry.told && mayTell(entry, now));
  }

  /** Returns the alerts that last: the most severe first, then the earliest raised. */
  List<Alert> lasting() {
    return entries.values().stream()
        .filter(entry -> entry.lasts)
        .map(entry -> entry.alert)
        .sorted(Comparator.comparing(Alert::severity).thenComparing(Alert::time))
        .toList();
  }

  private static Alert alert(Finding finding, Occasion occasion) {
    return alert(finding, occasion.probe(), occasion.iteration(), occasion.time());
  }

  /** Returns an alert that goes on: since when it did, with the value of now. */
  private static Alert alert(Finding finding, Alert since) {
    return alert(finding, since.probe(), since.iteration(), since.time());
  }

  private static Alert alert(Finding finding, String probe, int iteration, Instant time) {
    Subject subject = finding.subject();
    Condition condition = subject.condition();
    return new Alert(
        condition.alertName(),
        condition.severity(),
        State.RAISED,
        subject.run(),
        subject.model(),
        probe,
        subject.tags(),
        iteration,
        time,
        finding.value(),
        finding.limit(),
        "Run %s, model %s: %s".formatted(subject.run(), subject.model(), finding.text()),
        condition.runbook());
  }
}
