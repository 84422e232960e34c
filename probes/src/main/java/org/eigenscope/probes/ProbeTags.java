package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.Network;

/** What the readings of probes have in common. */
final class ProbeTags {
  private ProbeTags() {}

  /** Returns the tags normalization and layer of a whole network. */
  static Map<String, String> whole(Network network, CurvatureOptions options) {
    Map<String, String> tags = new TreeMap<>();
    tags.put("normalization", normalization(network, options));
    tags.put("layer", "all");
    return tags;
  }

  /** Returns the tag normalization: the mode, or that the network has none. */
  static String normalization(Network network, CurvatureOptions options) {
    return network.hasBatchNormalization() ? lower(options.batchNorm()) : "none";
  }

  /** Returns tags with others added, in pairs. */
  static Map<String, String> with(Map<String, String> tags, String... keyValues) {
    Map<String, String> all = new TreeMap<>(tags);
    for (int i = 0; i < keyValues.length; i += 2) {
      all.put(keyValues[i], keyValues[i + 1]);
    }
    return all;
  }

  /** Returns the settings of a provenance that come from the options of a curvature. */
  static Map<String, String> settings(CurvatureOptions options) {
    Map<String, String> settings = new TreeMap<>();
    settings.put("precision", lower(options.precision()));
    settings.put("batchNorm", lower(options.batchNorm()));
    return settings;
  }

  /** Returns what readings with these measurements declare. */
  static List<Quantity> quantities(
      List<Measurement> measurements, Map<String, String> descriptions) {
    List<Quantity> all = new ArrayList<>();
    for (Measurement measurement : measurements) {
      String description = descriptions.get(measurement.name());
      if (description == null) {
        throw new AssertionError("no description of " + measurement.name());
      }
      all.add(new Quantity(measurement.name(), measurement.tags(), description));
    }
    return List.copyOf(all);
  }

  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
