package org.eigenscope.probes;

import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.factory.Nd4j;

/** The versions of the software that a number depends on. */
final class SoftwareVersions {

  private static final Map<String, String> ALL = read();

  private SoftwareVersions() {}

  /** Returns version by name; "unknown" for classes that come from no jar with a manifest. */
  static Map<String, String> all() {
    return ALL;
  }

  private static Map<String, String> read() {
    Map<String, String> versions = new TreeMap<>();
    versions.put("eigenscope", versionOf(SoftwareVersions.class));
    versions.put("deeplearning4j", versionOf(MultiLayerNetwork.class));
    versions.put("backend", Nd4j.getBackend().getClass().getSimpleName());
    versions.put("java", Runtime.version().toString());
    return Map.copyOf(versions);
  }

  private static String versionOf(Class<?> type) {
    String version = type.getPackage().getImplementationVersion();
    return version == null ? "unknown" : version;
  }
}
