package org.eigenscope.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.digits.Digits;
import org.eigenscope.digits.Minibatches;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoNetworkTest {

  @Test
  @Tag("slow")
  void learnsDrawnDigits(@TempDir Path empty) throws IOException {
    Digits digits = Digits.choose(null, empty, 1);
    MultiLayerNetwork network = DemoNetwork.create(1);
    Minibatches minibatches = new Minibatches(digits.train(), DemoNetwork.BATCH_SIZE, 1);
    for (int i = 0; i < 2000; i++) {
      network.fit(minibatches.next());
    }
    assertThat(DemoNetwork.accuracy(network, digits.test(), 1000)).isGreaterThan(0.95);
  }
}
