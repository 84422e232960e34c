package org.eigenscope.listeners.metrics;

import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.listeners.Announcement;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.probes.Provenance;

/** Names a probe of a model of a run. */
record ProbeKey(String run, String model, String probe) {

  static ProbeKey of(Announcement announcement) {
    return new ProbeKey(announcement.run(), announcement.model(), announcement.probe());
  }

  static ProbeKey of(Provenance provenance) {
    return new ProbeKey(provenance.run(), provenance.model(), provenance.probe());
  }

  static ProbeKey of(ProbeEvent event) {
    return new ProbeKey(event.run(), event.model(), event.probe());
  }

  /** Returns tags with run and model, which win over tags of the same name. */
  Map<String, String> tagsWith(Map<String, String> tags) {
    Map<String, String> all = new TreeMap<>(tags);
    all.put("run", run);
    all.put("model", model);
    return all;
  }

  /** Returns words for messages. */
  @Override
  public String toString() {
    return "the probe '%s' of model '%s' in run '%s'".formatted(probe, model, run);
  }
}
