package org.eigenscope.view;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Reading;

/** Finds scalars of a reading by the names and tags that are promised outside. */
final class Values {
  private Values() {}

  /**
   * Returns the first scalar of a name that has some tags, or NaN without one.
   *
   * @param tags keys and values in turn
   */
  static double scalar(Reading reading, String name, String... tags) {
    Map<String, String> wanted = new TreeMap<>();
    for (int i = 0; i < tags.length; i += 2) {
      wanted.put(tags[i], tags[i + 1]);
    }
    return scalar(reading, name, wanted);
  }

  /** Returns the first scalar of a name that has some tags, or NaN without one. */
  static double scalar(Reading reading, String name, Map<String, String> tags) {
    for (Measurement measurement : reading.measurements()) {
      if (measurement.name().equals(name) && has(measurement, tags)) {
        return measurement.value();
      }
    }
    return Double.NaN;
  }

  /**
   * Returns the eigenvalues of an end of the spectrum, the outermost first.
   *
   * @param end largest or smallest
   * @param tags of the matrix; a reading may hold several
   */
  static double[] eigenvalues(Reading reading, String end, Map<String, String> tags) {
    List<Measurement> all =
        reading.measurements().stream()
            .filter(m -> m.name().equals("eigenscope.eigenvalue") && has(m, tags))
            .filter(m -> end.equals(m.tags().get("end")))
            .sorted(Comparator.comparingInt(Values::rank))
            .toList();
    return all.stream().mapToDouble(Measurement::value).toArray();
  }

  private static int rank(Measurement measurement) {
    return Integer.parseInt(measurement.tags().getOrDefault("rank", "0"));
  }

  private static boolean has(Measurement measurement, Map<String, String> tags) {
    return measurement.tags().entrySet().containsAll(tags.entrySet());
  }
}
