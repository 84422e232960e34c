package org.eigenscope.cli.view;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
    for (Measurement measurement : reading.measurements()) {
      if (measurement.name().equals(name) && has(measurement.tags(), tags)) {
        return measurement.value();
      }
    }
    return Double.NaN;
  }

  /**
   * Returns the eigenvalues of an end of the spectrum, the outermost first.
   *
   * @param end largest or smallest
   */
  static double[] eigenvalues(Reading reading, String end) {
    List<Measurement> all =
        reading.measurements().stream()
            .filter(m -> m.name().equals("eigenscope.eigenvalue") && has(m.tags(), "end", end))
            .sorted(Comparator.comparingInt(Values::rank))
            .toList();
    return all.stream().mapToDouble(Measurement::value).toArray();
  }

  private static int rank(Measurement measurement) {
    return Integer.parseInt(measurement.tags().getOrDefault("rank", "0"));
  }

  private static boolean has(Map<String, String> tags, String... wanted) {
    for (int i = 0; i < wanted.length; i += 2) {
      if (!wanted[i + 1].equals(tags.get(wanted[i]))) {
        return false;
      }
    }
    return true;
  }
}
