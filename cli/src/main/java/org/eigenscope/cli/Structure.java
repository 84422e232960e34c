package org.eigenscope.cli;

import static org.eigenscope.cli.JsonResult.addAll;
import static org.eigenscope.cli.JsonResult.put;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.ClassComponent;
import org.eigenscope.probes.structure.ClassStructure;
import org.eigenscope.probes.structure.FullApproximation;
import org.eigenscope.probes.structure.LayerStructure;
import org.eigenscope.probes.structure.LayerwiseStructure;
import org.jspecify.annotations.Nullable;

/**
 * The result of {@code eigenscope structure} in its outside form, one JSON object.
 *
 * @param classes structure by classes
 * @param layers structure by layers, and how far they make up the whole; null where they are not
 *     known
 * @param operator the matrix that was asked for
 * @param batchNorm the mode that was asked for
 * @param precision type of the vectors
 * @param seconds wall time
 * @param seed seed of every random choice
 * @param notes on the data; the structures have their own
 */
record Structure(
    ClassStructure classes,
    @Nullable LayerwiseStructure layers,
    CurvatureMatrix operator,
    BatchNormMode batchNorm,
    Precision precision,
    double seconds,
    long seed,
    List<String> notes) {
  private static final List<ClassComponent> LISTED =
      List.of(
          ClassComponent.A1,
          ClassComponent.A2,
          ClassComponent.B1,
          ClassComponent.G0,
          ClassComponent.G1,
          ClassComponent.G2,
          ClassComponent.G12);

  private static final List<ClassComponent> TRACED =
      List.of(
          ClassComponent.G,
          ClassComponent.A1,
          ClassComponent.A2,
          ClassComponent.B1,
          ClassComponent.B2,
          ClassComponent.G0,
          ClassComponent.G1,
          ClassComponent.G2,
          ClassComponent.G3);

  /** Returns the object and a line's end. */
  String json() {
    return JsonResult.text(object());
  }

  private ObjectNode object() {
    ObjectNode object = JsonResult.object();
    putClasses(object.putObject("classes"));
    LayerwiseStructure known = layers;
    if (known == null) {
      object.putNull("layers");
      object.putNull("full");
    } else {
      ArrayNode array = object.putArray("layers");
      known.layers().forEach(layer -> putLayer(array.addObject(), layer));
      putFull(object, known.full());
    }
    object.put("operator", operator.tag());
    object.put("batchNorm", Names.lowerCase(batchNorm));
    object.put("precision", Names.lowerCase(precision));
    object.put("engine", Names.lowerCase(classes.engine()));
    put(object, "seconds", seconds);
    object.put("seed", seed);
    object.put("examples", classes.examples().stream().mapToLong(Integer::longValue).sum());
    Set<String> distinct = new LinkedHashSet<>(notes);
    distinct.addAll(classes.notes());
    ArrayNode remarks = object.putArray("notes");
    distinct.forEach(remarks::add);
    return object;
  }

  private void putClasses(ObjectNode object) {
    for (ClassComponent component : LISTED) {
      List<Double> values = classes.eigenvalues().get(component);
      if (values == null) {
        object.putNull(component.name());
      } else {
        addAll(object.putArray(component.name()), values);
      }
    }
    ObjectNode traces = object.putObject("traces");
    for (ClassComponent component : TRACED) {
      put(traces, component.name(), classes.traces().getOrDefault(component, Double.NaN));
    }
    put(object, "traceStandardError", classes.trace().standardError());
    ArrayNode examples = object.putArray("examples");
    classes.examples().forEach(examples::add);
    ArrayNode map = object.putArray("map");
    for (ClassStructure.Point point : classes.map()) {
      ObjectNode entry = map.addObject();
      entry.put("class", point.label());
      entry.put("candidate", point.candidate());
      put(entry, "x", point.x());
      put(entry, "y", point.y());
    }
    object.put("products", classes.products());
  }

  private static void putFull(ObjectNode object, @Nullable FullApproximation full) {
    if (full == null) {
      object.putNull("full");
      return;
    }
    ObjectNode entry = object.putObject("full");
    addAll(entry.putArray("largest"), full.largest());
    addAll(entry.putArray("largestResiduals"), full.largestResiduals());
    putApproximation(entry.putObject("layerByLayer"), full.layerByLayer());
    FullApproximation.Approximation across = full.acrossLayers();
    if (across == null) {
      entry.putNull("acrossLayers");
    } else {
      putApproximation(entry.putObject("acrossLayers"), across);
    }
  }

  private static void putApproximation(
      ObjectNode entry, FullApproximation.Approximation approximation) {
    addAll(entry.putArray("largest"), approximation.largest());
    addAll(entry.putArray("overlap"), approximation.overlap());
  }

  private static void putLayer(ObjectNode object, LayerStructure layer) {
    object.put("layer", layer.layer());
    object.put("inputs", layer.inputs());
    object.put("outputs", layer.outputs());
    object.put("positions", layer.positions());
    addAll(object.putArray("largest"), layer.largest());
    addAll(object.putArray("largestResiduals"), layer.largestResiduals());
    addAll(object.putArray("outputHessian"), layer.outputHessian());
    put(object, "outputHessianError", layer.outputHessianError());
    addAll(object.putArray("autocorrelation"), layer.autocorrelation());
    addAll(object.putArray("kronecker"), layer.kronecker());
    ObjectNode error = object.putObject("decouplingError");
    put(error, "spectral", layer.decouplingError().spectral().value());
    put(error, "frobenius", layer.decouplingError().frobenius().value());
    put(error, "spectralStandardError", layer.decouplingError().spectral().standardError());
    put(error, "frobeniusStandardError", layer.decouplingError().frobenius().standardError());
    addAll(object.putArray("overlap"), layer.overlap());
    addAll(object.putArray("rankOneRatio"), layer.rankOneRatio());
    put(object, "meanInputAlignment", layer.meanInputAlignment());
    put(object, "autocorrelationRatio", layer.autocorrelationRatio());
  }
}
