package org.eigenscope.listeners.web;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.alerts.Alert;
import org.eigenscope.listeners.alerts.AlertSink;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.jspecify.annotations.Nullable;

/**
 * What the live page shows: the readings, probes and alerts of a training, kept for whoever opens
 * the page later and told at once to those who have it open. A {@link WebServer} serves it.
 *
 * <p>Alerts are those of an {@link AlertSink} with the default limits, which this feed has of its
 * own and which logs nothing.
 *
 * <p><b>Bounds.</b> At most {@value #MAXIMUM_READINGS} readings and about {@value
 * #MAXIMUM_MEGABYTES} MB of them are kept (and one in any case). When there are more, the newest
 * quarter stays, and the older ones go evenly, probe by probe, so that a run stays visible from its
 * beginning. The states of {@value #MAXIMUM_PROBES} probes and {@value #MAXIMUM_ALERTS} alerts are
 * kept. Of a reading whose data for the page exceed 1 MB, the page gets no spectra. For each client
 * at most 2048 events and 4 MB wait; a client that does not take them is disconnected, and resumes
 * where it was when it comes back.
 *
 * <p><b>Cost.</b> A reading is made into an event once, whoever listens: in about a third of a
 * millisecond for ten draws of 90 nodes, in ten for twenty such spectra and 1,200 scalars. Nothing
 * here waits for a network.
 *
 * <p><b>Threading.</b> Thread-safe: any number of listeners may share it.
 */
public final class LiveFeed implements ReadingSink, AutoCloseable {

  static final String LIVE = "live";
  static final String JOURNAL = "journal";
  static final int MAXIMUM_READINGS = 2000;
  static final int MAXIMUM_MEGABYTES = 64;
  static final int MAXIMUM_PROBES = 1000;
  static final int MAXIMUM_ALERTS = 256;
  private static final int LARGEST_FRAME = 1 << 20;

  /** Readings that a client which catches up gets at a time. */
  private static final int PIECE = 64;

  private static final int INSTANCE_LENGTH = 8;

  private record ProbeName(String run, String model, String probe) {}

  private record AlertName(
      String name, String run, String model, String probe, Map<String, String> tags) {}

  private final Object lock = new Object();
  private final Clock clock;
  private final History history;
  private final Map<ProbeName, ProbeState> probes = new LinkedHashMap<>();
  private final Map<AlertName, Alert> alerts = new LinkedHashMap<>();
  private final Set<Subscriber> subscribers = new LinkedHashSet<>();
  private Hello hello;
  private AlertSink alertSink;
  private long lastId;
  private boolean closed;

  LiveFeed(String source, String title, Clock clock, History history) {
    this.clock = clock;
    this.history = history;
    this.hello = new Hello(source, title, version(), newInstance(), false);
    this.alertSink = newAlertSink();
  }

  /**
   * Returns the feed of a training in this program.
   *
   * @param title what the page is headed with
   */
  public static LiveFeed ofTraining(String title) {
    return new LiveFeed(LIVE, title, Clock.systemUTC(), newHistory());
  }

  /**
   * Returns the feed of readings that come from a journal, whether or not it grows. No probe fails
   * or is skipped in it, and it never counts as finished: nobody knows whether a journal is.
   *
   * @param title what the page is headed with
   */
  public static LiveFeed ofJournal(String title) {
    return new LiveFeed(JOURNAL, title, Clock.systemUTC(), newHistory());
  }

  private static History newHistory() {
    return new History(MAXIMUM_READINGS, (long) MAXIMUM_MEGABYTES << 20);
  }

  private static String version() {
    String version = LiveFeed.class.getPackage().getImplementationVersion();
    return version == null ? "" : version;
  }

  private static String newInstance() {
    return UUID.randomUUID().toString().substring(0, INSTANCE_LENGTH);
  }

  private AlertSink newAlertSink() {
    AlertSink.Builder builder =
        AlertSink.builder().withoutLog().tellAtMostEvery(Duration.ZERO).onAlert(this::tell);
    if (hello.source().equals(LIVE)) {
      return builder.clock(clock).build();
    }
    // When readings are read from a journal says nothing of silence.
    Clock still = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
    return builder.clock(still).checkEvery(Duration.ZERO).build();
  }

  /** Keeps a reading and tells it. */
  @Override
  public void accept(Reading reading) {
    RecordedReading recorded = RecordedReading.of(reading);
    AlertSink sink;
    synchronized (lock) {
      if (closed) {
        return;
      }
      lastId++;
      byte[] event = EventFormat.reading(hello.instance(), lastId, recorded, LARGEST_FRAME);
      history.add(new History.Entry(lastId, recorded, event));
      broadcast(event);
      sink = alertSink;
    }
    sink.accept(recorded);
  }

  /** Keeps and tells what happened to a probe. */
  @Override
  public void report(ProbeEvent event) {
    AlertSink sink;
    synchronized (lock) {
      if (closed) {
        return;
      }
      // What a sink missed is no state of a probe; the alert tells of it.
      if (!(event instanceof ProbeEvent.Undelivered)) {
        keep(event);
      }
      sink = alertSink;
    }
    sink.report(event);
  }

  private void keep(ProbeEvent event) {
    ProbeName name = new ProbeName(event.run(), event.model(), event.probe());
    ProbeState state = ProbeState.after(probes.remove(name), event);
    if (probes.size() >= MAXIMUM_PROBES) {
      probes.remove(probes.keySet().iterator().next());
    }
    probes.put(name, state);
    broadcast(EventFormat.probe(state));
  }

  private void tell(Alert alert) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      AlertName name =
          new AlertName(alert.name(), alert.run(), alert.model(), alert.probe(), alert.tags());
      alerts.remove(name);
      if (alerts.size() >= MAXIMUM_ALERTS) {
        forgetAnAlert();
      }
      alerts.put(name, alert);
      broadcast(EventFormat.alert(alert));
    }
  }

  /** Forgets the oldest that is over, or else the oldest. */
  private void forgetAnAlert() {
    Iterator<Alert> all = alerts.values().iterator();
    while (all.hasNext()) {
      if (all.next().state() == Alert.State.RESOLVED) {
        all.remove();
        return;
      }
    }
    alerts.remove(alerts.keySet().iterator().next());
  }

  private void broadcast(byte[] event) {
    subscribers.forEach(subscriber -> subscriber.offer(event));
  }

  /**
   * Forgets everything and begins again, as when a journal was replaced by another one. Clients are
   * disconnected, and get all that is new when they come back.
   */
  public void restart() {
    List<Subscriber> before;
    synchronized (lock) {
      if (closed) {
        return;
      }
      hello = new Hello(hello.source(), hello.title(), hello.version(), newInstance(), false);
      history.clear();
      probes.clear();
      alerts.clear();
      lastId = 0;
      alertSink.close();
      alertSink = newAlertSink();
      before = List.copyOf(subscribers);
      subscribers.clear();
    }
    before.forEach(Subscriber::lose);
  }

  /**
   * Takes no more readings. Clients of a training are told that it is finished, and all are
   * disconnected when they have taken what waits for them. Closing again does nothing.
   */
  @Override
  public void close() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      alertSink.close();
      if (hello.source().equals(LIVE)) {
        hello = new Hello(hello.source(), hello.title(), hello.version(), hello.instance(), true);
        broadcast(EventFormat.hello(hello, clock.instant()));
      }
      subscribers.forEach(Subscriber::end);
      subscribers.clear();
    }
  }

  /**
   * Returns a new subscriber, whose client gets a hello first.
   *
   * @param lastEventId what the client saw last, as it says; anything that is not an id of this
   *     feed counts as nothing
   * @param onLost see {@link Subscriber}
   */
  Subscriber subscribe(@Nullable String lastEventId, Runnable onLost) {
    synchronized (lock) {
      long seen = idOf(lastEventId);
      Subscriber subscriber = new Subscriber(this, hello, Math.max(0, seen), seen >= 0, onLost);
      subscriber.catchUp(List.of(EventFormat.hello(hello, clock.instant())), Math.max(0, seen));
      return subscriber;
    }
  }

  /** Returns the number of an event's id; -1 for one that is not of this feed. */
  private long idOf(@Nullable String eventId) {
    String prefix = hello.instance() + "-";
    if (eventId == null || !eventId.startsWith(prefix)) {
      return -1;
    }
    try {
      long id = Long.parseLong(eventId.substring(prefix.length()));
      return id > lastId ? -1 : id;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Gives a subscriber what comes after what it has: kept readings, or else the rest. */
  void catchUp(Subscriber subscriber) throws Subscriber.LostException {
    synchronized (lock) {
      if (!subscriber.greeted().instance().equals(hello.instance())) {
        throw new Subscriber.LostException();
      }
      List<History.Entry> kept = history.after(subscriber.cursor(), PIECE);
      if (!kept.isEmpty()) {
        subscriber.catchUp(
            kept.stream().map(History.Entry::event).toList(), kept.get(kept.size() - 1).id());
        return;
      }
      List<byte[]> rest = new ArrayList<>();
      probes.values().forEach(probe -> rest.add(EventFormat.probe(probe)));
      for (Alert alert : alerts.values()) {
        if (alert.state() == Alert.State.RAISED || subscriber.resumes()) {
          rest.add(EventFormat.alert(alert));
        }
      }
      if (!subscriber.greeted().equals(hello)) {
        rest.add(EventFormat.hello(hello, clock.instant()));
      }
      subscriber.goLive(rest);
      if (closed) {
        subscriber.end();
      } else {
        subscribers.add(subscriber);
      }
    }
  }

  void remove(Subscriber subscriber) {
    synchronized (lock) {
      subscribers.remove(subscriber);
    }
  }

  /** Returns the first readings kept after an id, at most so many. */
  List<History.Entry> readingsAfter(long id, int limit) {
    synchronized (lock) {
      return history.after(id, limit);
    }
  }

  /** Returns the last id of {@link #readingsAfter}; the id itself when there are none. */
  long lastIdAfter(long id, int limit) {
    List<History.Entry> readings = readingsAfter(id, limit);
    return readings.isEmpty() ? id : readings.get(readings.size() - 1).id();
  }

  /** Returns the event that says that the server is there. */
  byte[] beat() {
    return EventFormat.beat(clock.instant());
  }
}
