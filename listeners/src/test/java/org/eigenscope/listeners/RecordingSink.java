package org.eigenscope.listeners;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.Reading;

/** Remembers everything it is told, in order. */
final class RecordingSink implements ReadingSink {
  private final List<Object> told = new ArrayList<>();

  @Override
  public synchronized void accept(Reading reading) {
    told.add(reading);
  }

  @Override
  public synchronized void announce(Announcement announcement) {
    told.add(announcement);
  }

  @Override
  public synchronized void report(ProbeEvent event) {
    told.add(event);
  }

  synchronized List<Object> told() {
    return List.copyOf(told);
  }

  <T> List<T> told(Class<T> type) {
    return told().stream().filter(type::isInstance).map(type::cast).toList();
  }
}
