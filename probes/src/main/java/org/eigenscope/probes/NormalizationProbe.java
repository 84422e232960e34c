package org.eigenscope.probes;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.jspecify.annotations.Nullable;

/**
 * Measures one snapshot under several batch normalization modes: the same weights, data, test
 * vectors and seeds, so that what differs within a reading comes from the mode alone.
 *
 * <p>A reading has the measurements and spectra of a {@link SpectrumProbe} for each mode, told
 * apart by their tag {@code normalization}, and the {@link Contrast} of every mode with the first.
 * BATCH and POPULATION coincide on data of one batch and are then measured once for both. A network
 * without batch normalization is measured once, as {@code none}, and has no contrasts. A mode that
 * fails is a note and NaN values; a measurement fails when all modes do.
 *
 * <p><b>Cost.</b> That of a {@link SpectrumProbe} for each mode. Each starts from its own
 * eigenvectors of the reading before.
 *
 * <p><b>Threading.</b> As for {@link SpectrumProbe}: one listener owns it, and calls it from one
 * thread at a time.
 */
public final class NormalizationProbe implements Probe<NormalizationReading> {

  private static final String NO_NORMALIZATION =
      "the network has no batch normalization: there are no modes to tell apart, and one spectrum";

  private final String name;
  private final List<SpectrumProbe> arms;
  private final int top;
  private final @Nullable Integer k;

  private NormalizationProbe(String name, List<SpectrumProbe> arms, int top, @Nullable Integer k) {
    this.name = name;
    this.arms = List.copyOf(arms);
    this.top = top;
    this.k = k;
  }

  /** Returns a probe of all modes with the defaults of {@link SpectrumProbe}. */
  public static NormalizationProbe defaults() {
    return of(SpectrumProbe.defaults());
  }

  /**
   * Returns a probe of all modes.
   *
   * @param settings as for {@link #builder}
   */
  public static NormalizationProbe of(SpectrumProbe settings) {
    return builder(settings).build();
  }

  /**
   * Returns a builder; each of its methods names its default.
   *
   * @param settings a probe that is set up as that of each mode is to be, but for its mode; it is
   *     not used itself
   */
  public static Builder builder(SpectrumProbe settings) {
    return new Builder(settings);
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * {@inheritDoc}
   *
   * <p>If no mode can be measured it throws what the first one threw, as {@link
   * SpectrumProbe#measure} does, with the others' exceptions suppressed in it.
   */
  @Override
  public NormalizationReading measure(Snapshot snapshot) {
    return armsOf(snapshot)
        .measure(
            snapshot.network().hasBatchNormalization() ? List.of() : List.of(NO_NORMALIZATION));
  }

  /**
   * {@inheritDoc}
   *
   * <p><b>Cost.</b> That of {@link SpectrumProbe#examine} for each mode.
   *
   * <p>It throws as {@link #measure} does.
   */
  @Override
  public Examination examine(Snapshot snapshot) {
    Arms all = armsOf(snapshot);
    return all.examine(
        snapshot.network().hasBatchNormalization()
            ? "one network with the statistics of %s; contrasts with the first, at k = %d"
                .formatted(
                    all.arms().stream().map(Arms.Arm::label).collect(Collectors.joining(", ")),
                    all.k())
            : NO_NORMALIZATION);
  }

  /** Returns the arms of a network: one of them will do where there is nothing to normalise. */
  private Arms armsOf(Snapshot snapshot) {
    List<SpectrumProbe> used =
        snapshot.network().hasBatchNormalization() ? arms : arms.subList(0, 1);
    return new Arms(
        name,
        used.stream()
            .map(arm -> new Arms.Arm(label(arm, snapshot), arm, snapshot, twin(arm, snapshot)))
            .toList(),
        Arms.k(k, snapshot.data(), top));
  }

  /** Returns the label of the arm before this one that measures the same on these data. */
  private @Nullable String twin(SpectrumProbe arm, Snapshot snapshot) {
    if (arm.mode() == BatchNormMode.FROZEN || snapshot.data().batches().size() > 1) {
      return null;
    }
    return arms.stream()
        .takeWhile(before -> before != arm)
        .filter(before -> before.mode() != BatchNormMode.FROZEN)
        .findFirst()
        .map(before -> label(before, snapshot))
        .orElse(null);
  }

  private static String label(SpectrumProbe arm, Snapshot snapshot) {
    return arm.tags(snapshot.network()).getOrDefault("normalization", "none");
  }

  /** Settings of a {@link NormalizationProbe}. */
  public static final class Builder {
    private final SpectrumProbe settings;
    private String name = "normalization";
    private List<BatchNormMode> modes =
        List.of(BatchNormMode.BATCH, BatchNormMode.FROZEN, BatchNormMode.POPULATION);
    private @Nullable Integer k;

    private Builder(SpectrumProbe settings) {
      this.settings = settings;
    }

    /**
     * Sets the probe's name, which tells it from others of the same listener; default {@code
     * normalization}.
     *
     * @throws IllegalArgumentException if {@code value} is blank
     */
    public Builder name(String value) {
      name = BuilderChecks.name(value);
      return this;
    }

    /**
     * Sets the modes; default BATCH, FROZEN, POPULATION.
     *
     * @param reference the mode that the others are contrasted with
     * @param others the other modes
     * @throws IllegalArgumentException if a mode is given twice
     */
    public Builder modes(BatchNormMode reference, BatchNormMode... others) {
      List<BatchNormMode> all = Stream.concat(Stream.of(reference), Stream.of(others)).toList();
      if (all.stream().distinct().count() < all.size()) {
        throw new IllegalArgumentException("modes must be distinct, got " + all);
      }
      modes = all;
      return this;
    }

    /**
     * Sets the k of the contrasts: the rank in λ_1/λ_k and the dimension of the gradient's
     * fraction. Default the number of classes, the columns of the first labels, where that is
     * between 2 and the number of largest eigenvalues; that number otherwise.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1 or greater than the number
     *     of largest eigenvalues
     */
    public Builder k(int value) {
      NormalizationComparison.requireRank(value, settings);
      k = value;
      return this;
    }

    /** Returns a probe with these settings. */
    public NormalizationProbe build() {
      return new NormalizationProbe(
          name, modes.stream().map(settings::in).toList(), settings.top(), k);
    }
  }
}
