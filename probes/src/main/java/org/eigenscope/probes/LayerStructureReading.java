package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.structure.LayerStructure;

/**
 * What the blocks of layers' weights are made of at one moment.
 *
 * <p>Scalars are {@code eigenscope.structure.layer.*}; the eigenvalues of each layer's output
 * Hessian and input autocorrelation are the spectra {@link #OUTPUT_HESSIAN} and {@link
 * #AUTOCORRELATION}, every eigenvalue with the same weight.
 *
 * @param provenance where the reading comes from
 * @param tags the common tags of its measurements, but for the layer: operator, normalization
 * @param layers one for each layer measured, in the order of the network
 * @param notes caveats in plain words
 */
public record LayerStructureReading(
    Provenance provenance,
    Map<String, String> tags,
    List<LayerStructure> layers,
    List<String> notes)
    implements Reading {

  /** Name of the spectra of output Hessians. */
  public static final String OUTPUT_HESSIAN = "eigenscope.structure.layer.output.spectrum";

  /** Name of the spectra of input autocorrelations. */
  public static final String AUTOCORRELATION = "eigenscope.structure.layer.input.spectrum";

  /** Copies the collections. */
  public LayerStructureReading {
    tags = Map.copyOf(tags);
    layers = List.copyOf(layers);
    notes = List.copyOf(notes);
  }

  @Override
  public List<Measurement> measurements() {
    List<Measurement> all = new ArrayList<>();
    layers.forEach(layer -> LayerQuantity.measure(tags, layer, all));
    return List.copyOf(all);
  }

  @Override
  public List<Spectrum> spectra() {
    List<Spectrum> all = new ArrayList<>();
    for (LayerStructure layer : layers) {
      all.add(spectrum(OUTPUT_HESSIAN, layer, layer.outputHessian()));
      all.add(spectrum(AUTOCORRELATION, layer, layer.autocorrelation()));
    }
    return List.copyOf(all);
  }

  private Spectrum spectrum(String name, LayerStructure layer, List<Double> eigenvalues) {
    double[] nodes = eigenvalues.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double[] weights = new double[nodes.length];
    Arrays.fill(weights, 1.0 / nodes.length);
    Map<String, String> own = new TreeMap<>(tags);
    own.put("layer", layer.layer());
    return new Spectrum(name, own, nodes.length, List.of(new QuadratureRule(nodes, weights)));
  }
}
