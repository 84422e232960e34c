package org.eigenscope.cli.report;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Names of what the structure probes measure, which a page shows in sections of their own. */
final class StructureMeters {
  static final String CLASS_TRACE = "eigenscope.structure.class.trace";
  static final String CLASS_TRACE_ERROR = "eigenscope.structure.class.trace.standard.error";
  static final String CLASS_EIGENVALUE = "eigenscope.structure.class.eigenvalue";
  static final String CLASS_RATIO = "eigenscope.structure.class.ratio";
  static final String KNOCK_OUT = "eigenscope.structure.class.knockout";
  static final String CLASS_SPECTRUM = "eigenscope.structure.class.spectrum";

  static final Set<String> OF_CLASSES =
      Set.of(
          CLASS_TRACE, CLASS_TRACE_ERROR, CLASS_EIGENVALUE, CLASS_RATIO, KNOCK_OUT, CLASS_SPECTRUM);

  static final String EIGENVALUE = "eigenscope.structure.eigenvalue";
  static final String EIGENVALUE_RESIDUAL = "eigenscope.structure.eigenvalue.residual";
  static final String REST_EDGE = "eigenscope.structure.rest.edge";
  static final String REST_SPECTRUM = "eigenscope.structure.rest.spectrum";
  static final String SHARE = "eigenscope.structure.outlier.share";
  static final String OVERLAP = "eigenscope.structure.outlier.overlap";

  static final Set<String> OF_DECOMPOSITION =
      Set.of(EIGENVALUE, EIGENVALUE_RESIDUAL, REST_EDGE, REST_SPECTRUM, SHARE, OVERLAP);

  static final String LAYER_EIGENVALUE = "eigenscope.structure.layer.eigenvalue";
  static final String DECOUPLING_ERROR = "eigenscope.structure.layer.decoupling.error";
  static final String LAYER_OVERLAP = "eigenscope.structure.layer.overlap";
  static final String RANK_ONE_RATIO = "eigenscope.structure.layer.rank.one.ratio";
  static final String MEAN_INPUT_ALIGNMENT = "eigenscope.structure.layer.mean.input.alignment";
  static final String AUTOCORRELATION_RATIO = "eigenscope.structure.layer.autocorrelation.ratio";
  static final String OUTPUT_SPECTRUM = "eigenscope.structure.layer.output.spectrum";
  static final String INPUT_SPECTRUM = "eigenscope.structure.layer.input.spectrum";

  static final Set<String> OF_LAYERS =
      Set.of(
          LAYER_EIGENVALUE,
          DECOUPLING_ERROR,
          LAYER_OVERLAP,
          RANK_ONE_RATIO,
          MEAN_INPUT_ALIGNMENT,
          AUTOCORRELATION_RATIO,
          OUTPUT_SPECTRUM,
          INPUT_SPECTRUM);

  private static final Set<String> ALL =
      Stream.of(OF_CLASSES, OF_DECOMPOSITION, OF_LAYERS)
          .flatMap(Set::stream)
          .collect(Collectors.toUnmodifiableSet());

  private StructureMeters() {}

  /** Returns whether a name is one of these. */
  static boolean isKnown(String name) {
    return ALL.contains(name);
  }

  /** Returns what is measured by a name and tags: matrices and layers are told apart, too. */
  static Meter meter(String name, Map<String, String> tags) {
    Map<String, String> own = new TreeMap<>(tags);
    own.remove("normalization");
    return new Meter(name, own);
  }
}
