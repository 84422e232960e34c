package org.eigenscope.listeners.normalization;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.deeplearning4j.util.ModelSerializer;
import org.eigenscope.listeners.normalization.Forms.Architecture;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Twins against networks built by hand, in every architecture. */
class NormalizationTwinTest {

  /** What to make a twin of, and the form the twin has. */
  static Stream<Arguments> pairs() {
    return Stream.of(Architecture.values())
        .flatMap(
            architecture ->
                Stream.of(
                    Arguments.of(architecture, Forms.PLAIN, Forms.NORMALIZED),
                    Arguments.of(architecture, Forms.BIASLESS, Forms.STRIPPED),
                    Arguments.of(architecture, Forms.NORMALIZED, Forms.STRIPPED)));
  }

  private static Model twin(Model model, Forms form) {
    return form == Forms.NORMALIZED
        ? NormalizationTwin.with(model)
        : NormalizationTwin.without(model);
  }

  @ParameterizedTest(name = "{0}: {1} to {2}")
  @MethodSource("pairs")
  void isTheNetworkBuiltByHandWithTheModelsWeights(Architecture architecture, Forms of, Forms is) {
    Model model = architecture.in(of);
    Model expected = architecture.in(is);
    Forms.copyParameters(model, expected);

    Model twin = twin(model, is);

    assertThat(twin).hasSameClassAs(model);
    assertThat(Forms.parameters(twin)).isEqualTo(Forms.parameters(expected));
    INDArray features = architecture.batches(1).get(0).getFeatures();
    assertThat(Forms.values(Forms.output(twin, features)))
        .isEqualTo(Forms.values(Forms.output(expected, features)));
    assertThat(Forms.json(twin)).isEqualTo(Forms.json(expected));
  }

  @ParameterizedTest(name = "{0}: {1} to {2}")
  @MethodSource("pairs")
  void learnsAsTheNetworkBuiltByHand(Architecture architecture, Forms of, Forms is) {
    Model model = architecture.in(of);
    Model expected = architecture.in(is);
    Forms.copyParameters(model, expected);
    Model twin = twin(model, is);
    List<DataSet> batches = architecture.batches(3);

    Forms.fit(twin, batches);
    Forms.fit(expected, batches);

    assertThat(Forms.parameters(twin)).isEqualTo(Forms.parameters(expected));
    assertThat(twin.score()).isEqualTo(expected.score());
  }

  @ParameterizedTest(name = "{0}: {1} to {2}")
  @MethodSource("pairs")
  void leavesModelAndRandomGeneratorAsTheyWere(Architecture architecture, Forms of, Forms is) {
    Model model = architecture.in(of);
    model.setListeners(new ScoreIterationListener(100));
    Forms.fit(model, architecture.batches(2));
    final String configuration = Forms.json(model);
    final Map<String, List<Double>> parameters = Forms.parameters(model);
    final List<Double> updaterState = Forms.updaterState(model);
    Random random = Nd4j.getRandom();
    random.setSeed(21);
    final long rootState = random.rootState();
    final long nodeState = random.nodeState();

    Model twin = twin(model, is);

    assertThat(random.rootState()).isEqualTo(rootState);
    assertThat(random.nodeState()).isEqualTo(nodeState);
    Forms.fit(twin, architecture.batches(2));
    assertThat(Forms.json(model)).isEqualTo(configuration);
    assertThat(Forms.parameters(model)).isEqualTo(parameters);
    assertThat(Forms.updaterState(model)).isEqualTo(updaterState);
    assertThat(Forms.listeners(twin)).isEmpty();
  }

  @ParameterizedTest(name = "{0}: {1} to {2}")
  @MethodSource("pairs")
  void modelLearnsOnAsIfItHadNoTwin(Architecture architecture, Forms of, Forms is) {
    Model alone = architecture.in(of);
    Model model = architecture.in(of);
    List<DataSet> batches = architecture.batches(5);
    Forms.fit(alone, batches.subList(0, 2));
    Forms.fit(model, batches.subList(0, 2));

    Model twin = twin(model, is);
    Forms.fit(twin, batches);

    Forms.fit(alone, batches.subList(2, 5));
    Forms.fit(model, batches.subList(2, 5));
    assertThat(Forms.parameters(model)).isEqualTo(Forms.parameters(alone));
    assertThat(Forms.updaterState(model)).isEqualTo(Forms.updaterState(alone));
  }

  @ParameterizedTest
  @EnumSource
  void withoutUndoesWithBitForBit(Architecture architecture) {
    Model model = architecture.in(Forms.PLAIN);
    List<DataSet> batches = architecture.batches(5);
    Forms.fit(model, batches.subList(0, 2));

    Model twin = NormalizationTwin.without(NormalizationTwin.with(model));

    assertThat(Forms.parameters(twin)).isEqualTo(Forms.parameters(model));
    assertThat(Forms.values(twin.params())).isEqualTo(Forms.values(model.params()));
    assertThat(Forms.updaterState(twin)).isEqualTo(Forms.updaterState(model));
    INDArray features = batches.get(0).getFeatures();
    assertThat(Forms.values(Forms.output(twin, features)))
        .isEqualTo(Forms.values(Forms.output(model, features)));
    Forms.fit(model, batches.subList(2, 5));
    Forms.fit(twin, batches.subList(2, 5));
    assertThat(Forms.parameters(twin)).isEqualTo(Forms.parameters(model));
  }

  @ParameterizedTest(name = "{0}: {1} to {2}")
  @MethodSource("pairs")
  void goesOnFromTheModelsIterationAndEpoch(Architecture architecture, Forms of, Forms is) {
    Model model = architecture.in(of);
    Forms.fit(model, architecture.batches(3));
    setEpoch(model, 4);

    Model twin = twin(model, is);

    assertThat(iterationAndEpoch(twin)).containsExactly(3, 4);
  }

  private static void setEpoch(Model model, int epoch) {
    if (model instanceof MultiLayerNetwork network) {
      network.setEpochCount(epoch);
    } else {
      ((ComputationGraph) model).getConfiguration().setEpochCount(epoch);
    }
  }

  private static List<Integer> iterationAndEpoch(Model model) {
    return model instanceof MultiLayerNetwork network
        ? List.of(network.getIterationCount(), network.getEpochCount())
        : List.of(
            ((ComputationGraph) model).getIterationCount(),
            ((ComputationGraph) model).getEpochCount());
  }

  @ParameterizedTest(name = "{0}: {1} to {2}")
  @MethodSource("pairs")
  void survivesSaving(Architecture architecture, Forms of, Forms is, @TempDir Path directory)
      throws IOException {
    Model model = architecture.in(of);
    List<DataSet> batches = architecture.batches(4);
    Forms.fit(model, batches.subList(0, 2));
    Model twin = twin(model, is);
    File file = directory.resolve("twin.zip").toFile();

    ModelSerializer.writeModel(twin, file, true);
    Model restored =
        twin instanceof MultiLayerNetwork
            ? ModelSerializer.restoreMultiLayerNetwork(file)
            : ModelSerializer.restoreComputationGraph(file);

    assertThat(Forms.json(restored)).isEqualTo(Forms.json(twin));
    assertThat(Forms.parameters(restored)).isEqualTo(Forms.parameters(twin));
    Forms.fit(twin, batches.subList(2, 4));
    Forms.fit(restored, batches.subList(2, 4));
    assertThat(Forms.parameters(restored)).isEqualTo(Forms.parameters(twin));
  }

  /** With mean 0 and variance 1 batch normalization divides by sqrt(1 + epsilon). */
  @ParameterizedTest
  @EnumSource
  void withBatchNormalizationComputesTheSameInTestModeAtFirst(Architecture architecture) {
    Model model = architecture.in(Forms.PLAIN);
    INDArray features = architecture.batches(1).get(0).getFeatures();

    Model twin = NormalizationTwin.with(model, new BatchNormalization.Builder().eps(1e-12).build());

    assertThat(Forms.output(twin, features).distance1(Forms.output(model, features)))
        .isLessThan(1e-10);
  }

  @ParameterizedTest(name = "{0}: {1} to {2}")
  @MethodSource("pairs")
  void tangentEngineKnowsTwins(Architecture architecture, Forms of, Forms is) {
    Model twin = twin(architecture.in(of), is);
    CurvatureOptions options = CurvatureOptions.defaults().withEngine(Engine.TANGENT);

    try (Curvature curvature =
        Curvature.of(Network.of(twin), DataBatches.of(architecture.batches(1).get(0)), options)) {
      assertThat(curvature.gradient().norm2Number().doubleValue()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource
  void updaterMemoryFollowsItsParameters(Architecture architecture) {
    Model model = architecture.in(Forms.BIASLESS);
    Forms.fit(model, architecture.batches(3));

    Model twin = NormalizationTwin.without(model);

    Map<String, List<Double>> expected = Forms.adamMoments(model);
    Map<String, List<Double>> actual = Forms.adamMoments(twin);
    assertThat(actual).isNotEmpty();
    actual.forEach((name, moments) -> assertThat(moments).as(name).isEqualTo(expected.get(name)));
    assertThat(actual.values()).allSatisfy(moments -> assertThat(moments).isNotEmpty());
  }

  /** Makes a twin in the midst of an iteration, where workspaces are open. */
  private static final class TwinMaker extends BaseTrainingListener {
    private final Forms form;
    private final Map<String, List<Double>> parameters = new HashMap<>();
    private @Nullable Model twin;

    TwinMaker(Forms form) {
      this.form = form;
    }

    @Override
    public void onBackwardPass(Model model) {
      if (twin == null) {
        parameters.putAll(Forms.parameters(model));
        twin = twin(model, form);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void canBeMadeWithinAnIteration(Architecture architecture) {
    Model model = architecture.in(Forms.PLAIN);
    TwinMaker maker = new TwinMaker(Forms.NORMALIZED);
    model.setListeners(maker);

    Forms.fit(model, architecture.batches(3));

    Model twin = requireNonNull(maker.twin);
    assertThat(Forms.parameters(twin)).containsAllEntriesOf(maker.parameters);
    Forms.fit(twin, architecture.batches(1));
    assertThat(twin.score()).isFinite();
  }
}
