package org.eigenscope.cli;

import static org.eigenscope.cli.JsonResult.addAll;
import static org.eigenscope.cli.JsonResult.put;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.LayerOverlap;

/**
 * The result of {@code eigenscope compare} in its outside form, one JSON object.
 *
 * @param layers what layers have in common
 * @param operator the matrix that was asked for
 * @param batchNorm the mode that was asked for
 * @param precision type of the vectors
 * @param examples number of examples
 * @param seconds wall time
 * @param seed seed of every random choice
 * @param notes caveats in plain words
 */
record ModelComparison(
    List<LayerOverlap> layers,
    CurvatureMatrix operator,
    BatchNormMode batchNorm,
    Precision precision,
    long examples,
    double seconds,
    long seed,
    List<String> notes) {

  /** Returns the object and a line's end. */
  String json() {
    ObjectNode object = JsonResult.object();
    ArrayNode entries = object.putArray("layers");
    for (LayerOverlap layer : layers) {
      ObjectNode entry = entries.addObject();
      entry.put("layer", layer.layer());
      entry.put("inputs", layer.inputs());
      entry.put("outputs", layer.outputs());
      entry.put("order", layer.order());
      addAll(entry.putArray("overlap"), layer.overlap());
      ObjectNode peak = entry.putObject("peak");
      peak.put("k", layer.peak());
      put(peak, "overlap", layer.overlap().get(layer.peak() - 1));
      put(peak, "perOutput", (double) layer.peak() / layer.outputs());
      putPairs(entry.putArray("first"), layer.first(), layer.firstResiduals());
      putPairs(entry.putArray("second"), layer.second(), layer.secondResiduals());
    }
    object.put("operator", operator.tag());
    object.put("batchNorm", Names.lowerCase(batchNorm));
    object.put("precision", Names.lowerCase(precision));
    object.put("matvecs", layers.stream().mapToLong(LayerOverlap::matvecs).sum());
    put(object, "seconds", seconds);
    object.put("seed", seed);
    object.put("examples", examples);
    ArrayNode remarks = object.putArray("notes");
    notes.forEach(remarks::add);
    return JsonResult.text(object);
  }

  private static void putPairs(ArrayNode array, List<Double> values, List<Double> residuals) {
    for (int i = 0; i < values.size(); i++) {
      ObjectNode pair = array.addObject();
      put(pair, "value", values.get(i));
      put(pair, "residual", residuals.get(i));
    }
  }
}
