package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Some consecutive examples of one batch.
 *
 * @param features by input of the network, in Deeplearning4j's layout
 * @param labels by output of the network, DOUBLE [examples, outputs]
 * @param masks by output of the network, DOUBLE [examples, 1] or [examples, outputs], or null
 */
record Examples(List<INDArray> features, List<INDArray> labels, @Nullable INDArray[] masks) {
  static Examples of(MultiDataSet batch) {
    INDArray[] masks = batch.getLabelsMaskArrays();
    @Nullable INDArray[] converted = new INDArray[batch.getLabels().length];
    for (int i = 0; i < converted.length; i++) {
      converted[i] = masks == null || masks[i] == null ? null : inDouble(masks[i]);
    }
    return new Examples(
        List.of(batch.getFeatures()),
        List.of(batch.getLabels()).stream().map(Examples::inDouble).toList(),
        converted);
  }

  private static INDArray inDouble(INDArray array) {
    return array.castTo(DataType.DOUBLE);
  }

  long size() {
    return features.get(0).size(0);
  }
}
