package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SeriesNameTest {
  private static final SeriesName PLAIN =
      new SeriesName("a.jsonl", "demo", "model", "hessian", "none", "all", 1);
  private static final SeriesName BATCH =
      new SeriesName("a.jsonl", "demo", "model", "hessian", "batch", "all", 1);
  private static final SeriesName LAYER =
      new SeriesName("a.jsonl", "demo", "model", "gauss-newton", "batch", "conv1", 1);
  private static final SeriesName ELSEWHERE =
      new SeriesName("b.jsonl", "demo", "model", "hessian", "none", "all", 1);

  @Test
  void aLabelLeavesOutWhatIsUsual() {
    assertThat(PLAIN.label(List.of(PLAIN))).isEqualTo("demo · Hessian");
    assertThat(LAYER.label(List.of(LAYER)))
        .isEqualTo("demo · Gauss-Newton · layer conv1 · normalization batch");
    assertThat(PLAIN.withStart(2).label(List.of(PLAIN))).isEqualTo("demo · start 2 · Hessian");
  }

  @Test
  void aLabelTellsNamesApart() {
    assertThat(PLAIN.label(List.of(PLAIN, BATCH))).isEqualTo("demo · Hessian · normalization none");
    assertThat(ELSEWHERE.label(List.of(PLAIN, ELSEWHERE))).isEqualTo("demo · b.jsonl · Hessian");
  }

  @Test
  void aShortLabelSaysOnlyWhatDiffers() {
    assertThat(PLAIN.shortLabel(List.of(PLAIN, BATCH))).isEqualTo("normalization none");
    assertThat(BATCH.shortLabel(List.of(PLAIN, BATCH))).isEqualTo("normalization batch");
    assertThat(PLAIN.shortLabel(List.of(PLAIN, ELSEWHERE))).isEqualTo("a.jsonl");
  }

  @Test
  void theJournalIsNamedOnlyWhereNothingElseTells() {
    SeriesName otherRun = new SeriesName("b.jsonl", "other", "model", "hessian", "none", "all", 1);

    assertThat(PLAIN.shortLabel(List.of(PLAIN, otherRun))).isEqualTo("demo");
  }

  @Test
  void missingTagsAreLeftOut() {
    SeriesName bare = new SeriesName("a.jsonl", "demo", "model", "", "", "", 1);

    assertThat(bare.label(List.of(bare))).isEqualTo("demo");
    assertThat(bare.matrix()).isEqualTo("the whole network");
    assertThat(LAYER.matrix()).isEqualTo("Gauss-Newton of layer conv1");
  }

  @Test
  void otherTagsBelongToTheScalar() {
    assertThat(SeriesName.otherTags(Map.of("operator", "hessian", "layer", "all", "k", "3")))
        .isEqualTo(Map.of("k", "3"));
  }
}
