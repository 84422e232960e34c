package org.eigenscope.probes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.LayerStructure;
import org.eigenscope.probes.structure.LayerStructureOptions;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class LayerStructureProbeTest {
  private static final int TOP = 4;
  private static final LayerStructureOptions OPTIONS =
      LayerStructureOptions.defaults().withTop(TOP);

  private static Snapshot snapshot() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(11)
                .dataType(DataType.DOUBLE)
                .list()
                .layer(
                    new DenseLayer.Builder()
                        .name("hidden")
                        .nOut(4)
                        .activation(Activation.TANH)
                        .build())
                .layer(new BatchNormalization.Builder().name("norm").build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .name("out")
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(5))
                .build());
    network.init();
    SplittableRandom random = new SplittableRandom(3);
    double[][] features = new double[12][5];
    double[][] labels = new double[12][3];
    for (int i = 0; i < 12; i++) {
      labels[i][i % 3] = 1;
      for (int j = 0; j < 5; j++) {
        features[i][j] = random.nextDouble();
      }
    }
    DataSet data = new DataSet(Nd4j.create(features), Nd4j.create(labels));
    return new Snapshot(
        Network.of(network).replica(), DataBatches.of(data), "run", "model", 7, 1, Instant.EPOCH);
  }

  private static LayerStructureProbe.Builder builder() {
    return LayerStructureProbe.builder().options(OPTIONS).precision(Precision.DOUBLE);
  }

  @Test
  void scalarsAreThoseOfTheLayersStructure() {
    Snapshot snapshot = snapshot();
    LayerStructureReading reading = builder().build().measure(snapshot);

    List<LayerStructure> expected;
    try (Curvature curvature =
        Curvature.of(snapshot.network(), snapshot.data(), CurvatureOptions.defaults())) {
      expected = LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS);
    }
    assertThat(reading.layers()).isEqualTo(expected);
    assertThat(reading.measurements()).hasSize(2 * 8);
    LayerStructure hidden = expected.get(0);
    assertThat(reading.measurements())
        .contains(
            measurement("eigenvalue", hidden.largest().get(0), "matrix", "exact"),
            measurement("eigenvalue", hidden.kronecker().get(0), "matrix", "kronecker"),
            measurement(
                "decoupling.error",
                hidden.decouplingError().spectral().value(),
                "norm",
                "spectral"),
            measurement(
                "decoupling.error",
                hidden.decouplingError().frobenius().value(),
                "norm",
                "frobenius"),
            measurement("overlap", hidden.overlap().get(TOP - 1), "k", "4"),
            measurement("rank.one.ratio", hidden.rankOneRatio().get(0)),
            measurement("mean.input.alignment", hidden.meanInputAlignment()),
            measurement("autocorrelation.ratio", hidden.autocorrelationRatio()));
  }

  private static Measurement measurement(String name, double value, String... tag) {
    Map<String, String> tags =
        tag.length == 0
            ? Map.of("operator", "hessian", "normalization", "batch", "layer", "hidden")
            : Map.of(
                "operator", "hessian", "normalization", "batch", "layer", "hidden", tag[0], tag[1]);
    return new Measurement("eigenscope.structure.layer." + name, tags, value);
  }

  @Test
  void spectraAreTheFactorsEigenvalues() {
    LayerStructureReading reading = builder().build().measure(snapshot());

    assertThat(reading.spectra())
        .extracting(Spectrum::name)
        .containsExactly(
            LayerStructureReading.OUTPUT_HESSIAN,
            LayerStructureReading.AUTOCORRELATION,
            LayerStructureReading.OUTPUT_HESSIAN,
            LayerStructureReading.AUTOCORRELATION);
    Spectrum inputs = reading.spectra().get(1);
    assertThat(inputs.tags()).containsEntry("layer", "hidden");
    assertThat(inputs.order()).isEqualTo(5);
    double[] nodes = inputs.draws().get(0).nodes();
    assertThat(nodes[4]).isEqualTo(reading.layers().get(0).autocorrelation().get(0));
    assertThat(inputs.draws().get(0).weights()[0]).isCloseTo(0.2, within(1e-15));
  }

  @Test
  void declaresWhatItMeasures() {
    LayerStructureProbe probe = builder().batchNorm(BatchNormMode.FROZEN).build();
    Snapshot snapshot = snapshot();

    Probe.Examination examination = probe.examine(snapshot);
    LayerStructureReading reading = probe.measure(snapshot);

    assertThat(examination.quantities())
        .extracting(Quantity::name, Quantity::tags)
        .containsExactlyInAnyOrderElementsOf(
            reading.measurements().stream()
                .map(m -> org.assertj.core.groups.Tuple.tuple(m.name(), m.tags()))
                .toList());
    assertThat(examination.findings().get(0)).contains("2 layers").contains("hidden, out");
    assertThat(examination.expectedMatvecs()).isEqualTo(5 * 4 + 4 * 3);
    assertThat(examination.expectedBytes()).isPositive();
    assertThat(reading.provenance().matvecs()).isEqualTo(5 * 4 + 4 * 3);
    assertThat(reading.provenance().settings())
        .containsEntry("batchNorm", "frozen")
        .containsEntry("layers", "hidden,out");
    assertThat(reading.provenance().iteration()).isEqualTo(7);
  }

  @Test
  void boundsTheNumberOfLayersUnlessTheyAreNamed() {
    LayerStructureReading first = builder().mostLayers(1).build().measure(snapshot());
    assertThat(first.layers()).extracting(LayerStructure::layer).containsExactly("hidden");
    assertThat(first.notes()).anyMatch(note -> note.contains("1 of 2") && note.contains("out"));

    LayerStructureReading named = builder().mostLayers(1).layers("out").build().measure(snapshot());
    assertThat(named.layers()).extracting(LayerStructure::layer).containsExactly("out");
  }

  @Test
  void defaultsTakeFloatsAndRepeat() {
    LayerStructureProbe probe = LayerStructureProbe.defaults();
    Snapshot snapshot = snapshot();
    LayerStructureReading reading = probe.measure(snapshot);
    assertThat(probe.name()).isEqualTo("layers");
    assertThat(reading.provenance().settings()).containsEntry("precision", "float");
    assertThat(probe.measure(snapshot).measurements()).isEqualTo(reading.measurements());
  }

  @Test
  void namesTheLayersThatThereAre() {
    LayerStructureProbe probe = builder().layers("norm").build();
    Snapshot snapshot = snapshot();
    assertThatThrownBy(() -> probe.examine(snapshot))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hidden, out")
        .hasMessageContaining("'norm'");
    assertThatThrownBy(() -> probe.measure(snapshot))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'norm'");
  }

  @Test
  void rejectsWhatHasNoStructure() {
    LayerStructureProbe.Builder builder = LayerStructureProbe.builder();
    assertThatThrownBy(() -> builder.matrix(CurvatureMatrix.RESIDUAL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("residual");
    assertThatThrownBy(() -> builder.engine(Engine.DIFFERENCE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("difference");
    assertThatThrownBy(() -> builder.mostLayers(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mostLayers");
    assertThatThrownBy(() -> builder.name(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name");
  }
}
