package org.eigenscope.cli;

import static org.eigenscope.cli.JsonResult.addAll;
import static org.eigenscope.cli.JsonResult.put;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.SpectrumReading.Eigenvalue;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.SpectralDensity;
import org.eigenscope.probes.linalg.SpectralDensity.GaussianOptions;
import org.jspecify.annotations.Nullable;

/**
 * The result of {@code eigenscope analyze} in its outside form, one JSON object.
 *
 * @param reading what was measured
 * @param operator the matrix that was asked for
 * @param layer the layer or array that was asked for; null for the whole network
 * @param batchNorm the mode that was asked for
 * @param precision type of the vectors
 * @param notes on the data; the reading has its own
 */
record Analysis(
    SpectrumReading reading,
    CurvatureMatrix operator,
    @Nullable String layer,
    BatchNormMode batchNorm,
    Precision precision,
    List<String> notes) {
  private static final String WHOLE_NETWORK = "all";

  /** Returns the object and a line's end. */
  String json() {
    return json(List.of(), List.of());
  }

  /**
   * Returns the object with those of parts of the data in it, and a line's end.
   *
   * @param sizes examples of each class in the parts
   * @param parts one for each size
   */
  String json(List<Integer> sizes, List<Analysis> parts) {
    ObjectNode object = object();
    if (!parts.isEmpty()) {
      ArrayNode array = object.putArray("perClass");
      for (int i = 0; i < parts.size(); i++) {
        ObjectNode part = array.addObject();
        part.put("examplesPerClass", sizes.get(i));
        part.setAll(parts.get(i).object());
      }
    }
    return JsonResult.text(object);
  }

  private ObjectNode object() {
    ObjectNode object = JsonResult.object();
    put(object, "loss", reading.loss());
    put(object, "gradientNorm", reading.gradientNorm());
    object.put("parameters", reading.parameters());
    object.put("activeParameters", reading.activeParameters());
    putEigenvalues(object.putArray("largest"), reading.largest());
    putEigenvalues(object.putArray("smallest"), reading.smallest());
    ObjectNode trace = object.putObject("trace");
    put(trace, "estimate", reading.trace().estimate());
    put(trace, "standardError", reading.trace().standardError());
    put(object, "negativeMass", reading.negativeMass());
    object.put("outliers", reading.outliers());
    put(object, "bulkEdge", reading.bulkEdge());
    ArrayNode fractions = object.putArray("gradientFraction");
    for (int i = 0; i < reading.gradientFraction().size(); i++) {
      ObjectNode fraction = fractions.addObject();
      fraction.put("k", i + 1);
      put(fraction, "fraction", reading.gradientFraction().get(i));
    }
    ArrayNode draws = object.putArray("draws");
    for (QuadratureRule rule : reading.draws()) {
      putRule(draws.addObject(), rule);
    }
    putDensity(object.putObject("density"));
    QuadratureRule measure = reading.gradientMeasure();
    if (measure == null) {
      object.putNull("gradientMeasure");
    } else {
      putRule(object.putObject("gradientMeasure"), measure);
    }
    object.put("engine", reading.provenance().settings().get("engine"));
    object.put("precision", Names.lowerCase(precision));
    object.put("batchNorm", Names.lowerCase(batchNorm));
    object.put("operator", operator.tag());
    object.put("layer", layer == null ? WHOLE_NETWORK : layer);
    object.put("matvecs", reading.provenance().matvecs());
    put(object, "seconds", reading.provenance().seconds());
    object.put("seed", reading.provenance().seed());
    object.put("examples", reading.provenance().examples());
    ArrayNode remarks = object.putArray("notes");
    notes.forEach(remarks::add);
    reading.notes().forEach(remarks::add);
    return object;
  }

  /** Puts the density, of the same form without draws: no points, no variance. */
  private void putDensity(ObjectNode object) {
    if (reading.draws().isEmpty()) {
      object.putArray("grid");
      object.putArray("values");
      object.putNull("variance");
      return;
    }
    SpectralDensity density = SpectralDensity.gaussian(reading.draws(), GaussianOptions.defaults());
    addAll(object.putArray("grid"), density.grid());
    addAll(object.putArray("values"), density.values());
    put(object, "variance", density.variance());
  }

  private static void putRule(ObjectNode object, QuadratureRule rule) {
    addAll(object.putArray("nodes"), rule.nodes());
    addAll(object.putArray("weights"), rule.weights());
  }

  private static void putEigenvalues(ArrayNode array, List<Eigenvalue> eigenvalues) {
    for (Eigenvalue eigenvalue : eigenvalues) {
      ObjectNode pair = array.addObject();
      put(pair, "value", eigenvalue.value());
      put(pair, "residual", eigenvalue.residual());
    }
  }
}
