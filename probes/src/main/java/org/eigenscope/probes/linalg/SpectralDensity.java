package org.eigenscope.probes.linalg;

import java.util.Arrays;
import java.util.List;

/**
 * A smoothed eigenvalue density on a grid, made from the nodes and weights of quadrature rules; it
 * can be made again with other settings from the same rules at any time.
 *
 * <p><b>Definition.</b> The mean over draws of Σ w_j N(t; l_j, variance), with N the density of a
 * normal distribution. On a {@link Scale#LINEAR} scale t is the eigenvalue and the grid is even; on
 * a {@link Scale#LOGARITHMIC} scale t is the logarithm of the grid, which is even in t, and values
 * are divided by the grid so that they are densities over eigenvalues again. With one rule that
 * holds all eigenvalues of an operator and equal weights, the density is that of the operator.
 *
 * @param scale what the grid is even in
 * @param grid abscissae, strictly ascending, in units of the eigenvalues; at least two
 * @param values density at the grid, per unit of the eigenvalues, finite and not negative
 * @param variance of the kernel: in squared units of the eigenvalues on a linear scale,
 *     dimensionless (of the natural logarithm) on a logarithmic one
 */
public record SpectralDensity(Scale scale, double[] grid, double[] values, double variance) {

  /** Half a kernel's width, in bandwidths, beyond which it is zero in double precision. */
  private static final double KERNEL_REACH = 39;

  /** A range shorter than this part of its place is one point up to rounding. */
  private static final double SHORTEST_RANGE = 1e-9;

  /** How far such a range is widened to both sides, relative to its place. */
  private static final double WIDENING = 0.01;

  /** What a grid is even in. */
  public enum Scale {
    /** Even in the eigenvalue. */
    LINEAR,
    /** Even in the logarithm. */
    LOGARITHMIC
  }

  /** Which eigenvalues a logarithmic density shows. */
  public enum Sign {
    /** All, by their absolute values: integrates to 1. */
    ANY,
    /** Those &gt;= 0: integrates to their share. */
    POSITIVE,
    /** Those &lt; 0, by their absolute values: integrates to their share. */
    NEGATIVE
  }

  /** Checks and copies the arrays. */
  public SpectralDensity {
    if (grid.length < 2 || grid.length != values.length) {
      throw new IllegalArgumentException(
          "a density needs as many values as grid points and at least two, got %d and %d"
              .formatted(values.length, grid.length));
    }
    for (int i = 0; i < grid.length; i++) {
      if (!Double.isFinite(grid[i]) || (i > 0 && grid[i] <= grid[i - 1])) {
        throw new IllegalArgumentException(
            "grid must be finite and ascend strictly, got %s at %d".formatted(grid[i], i));
      }
      if (!Double.isFinite(values[i]) || values[i] < 0) {
        throw new IllegalArgumentException(
            "values must be finite and >= 0, got %s at %d".formatted(values[i], i));
      }
    }
    if (!(variance > 0)) {
      throw new IllegalArgumentException("variance must be > 0, got " + variance);
    }
    grid = grid.clone();
    values = values.clone();
  }

  /**
   * Returns the density of Ghorbani, Krishnan and Xiao (2019), whose variance goes with the range
   * of the spectrum (not its square).
   *
   * <p><b>Definition.</b> The grid runs from the mean over draws of the smallest node to that of
   * the largest, expanded at both ends. The variance is {@code relativeVariance} · max(1, length of
   * the grid). The result is divided by its sum times the grid's step: what lies beyond the grid is
   * made up for by the rest.
   *
   * <p><b>Accuracy.</b> A bandwidth under the grid's step, from a range of a thousand on with the
   * defaults, cannot be drawn: a kernel is then made to hold its weight on the grid by itself,
   * where the paper's code would lose it between two points.
   *
   * <p>Reference: "An Investigation into Neural Net Optimization via Hessian Eigenvalue Density",
   * ICML 2019, arXiv 1901.10159, Algorithm 1, and density.py of its published code.
   *
   * @param draws one rule for each test vector, at least one
   * @param options settings of the grid and the kernel
   * @throws IllegalArgumentException if there is no draw
   */
  public static SpectralDensity gaussian(List<QuadratureRule> draws, GaussianOptions options) {
    requireDraws(draws);
    double lower = 0;
    double upper = 0;
    for (QuadratureRule rule : draws) {
      lower += rule.node(0) / draws.size();
      upper += rule.node(rule.size() - 1) / draws.size();
    }
    lower -= options.gridExpansion();
    upper += options.gridExpansion();
    Grid grid = Grid.of(lower, upper, options.points());
    double variance = options.relativeVariance() * Math.max(1, grid.upper - grid.lower);
    Kernel kernel = new Kernel(grid, Math.sqrt(variance));
    boolean tooNarrow = kernel.bandwidth < grid.step;
    for (QuadratureRule rule : draws) {
      for (int j = 0; j < rule.size(); j++) {
        kernel.add(rule.node(j), rule.weight(j) / draws.size(), tooNarrow);
      }
    }
    return new SpectralDensity(
        Scale.LINEAR, grid.points(), scaledToIntegrateToOne(kernel.sums, grid.step), variance);
  }

  /**
   * Returns the density of Papyan (2019), whose bandwidth goes with the resolution of the
   * quadrature.
   *
   * <p><b>Definition.</b> On the range mapped to [−1, 1], M Lanczos steps resolve h = 2/(M − 1),
   * and the bandwidth is h / √(8 ln κ): a kernel falls to 1/κ of its peak at the distance h/2.
   * Every kernel is scaled to hold its weight on the grid, where the paper's code cuts it off: with
   * a margin of 0.05 this matters below about 100 steps at the ends of the range only.
   *
   * <p>Reference: "The Full Spectrum of Deepnet Hessians at Scale", arXiv 1811.07062,
   * LanczosApproxSpec, and its published code.
   *
   * @param draws one rule for each test vector, at least one
   * @param steps M, Lanczos steps of a draw, at least 2
   * @param lower lower end of the spectrum's range; no node is less. Ends that are equal up to
   *     rounding are moved apart by a hundredth of their place
   * @param upper upper end of the spectrum's range; no node is more
   * @param options settings of the grid and the kernel
   * @throws IllegalArgumentException if there is no draw, fewer than 2 steps, or a node out of
   *     range
   */
  public static SpectralDensity kappa(
      List<QuadratureRule> draws, int steps, double lower, double upper, KappaOptions options) {
    requireWithin(draws, lower, upper);
    Grid grid = gridOf(lower, upper, options);
    Kernel kernel = new Kernel(grid, bandwidth(grid, steps, options));
    for (QuadratureRule rule : draws) {
      for (int j = 0; j < rule.size(); j++) {
        kernel.add(rule.node(j), rule.weight(j) / draws.size(), true);
      }
    }
    return new SpectralDensity(Scale.LINEAR, grid.points(), kernel.sums, square(kernel.bandwidth));
  }

  /**
   * Returns the density of Papyan's kind over absolute eigenvalues on a logarithmic grid.
   *
   * <p><b>Definition.</b> As {@link #kappa} in t = ln(|λ| + ε), from ln ε to ln(max(|lower|,
   * |upper|) + ε). The grid holds |λ| + ε. Values are densities over eigenvalues, so they are
   * divided by the <em>grid's</em> |λ| + ε, dt = d|λ| / (|λ| + ε), as in curvlinops: only this
   * integrates to 1 over eigenvalues. The paper's code divides each kernel by its node's |θ + ε|
   * instead, which is not a density, and wrong besides for negative θ near −ε.
   *
   * @param draws one rule for each test vector, at least one
   * @param steps M, Lanczos steps of a draw, at least 2
   * @param lower lower end of the spectrum's range; no node is less
   * @param upper upper end of the spectrum's range; no node is more
   * @param sign which eigenvalues to show
   * @param floor ε, in units of the eigenvalues, &gt; 0: smaller eigenvalues are shown as this
   *     large; 1e-6 in the paper's notebook ({@link #DEFAULT_FLOOR})
   * @param options settings of the grid and the kernel
   * @throws IllegalArgumentException if there is no draw, fewer than 2 steps, a node out of range,
   *     or the floor is not positive
   */
  public static SpectralDensity logarithmic(
      List<QuadratureRule> draws,
      int steps,
      double lower,
      double upper,
      Sign sign,
      double floor,
      KappaOptions options) {
    requireWithin(draws, lower, upper);
    if (!(floor > 0)) {
      throw new IllegalArgumentException("floor must be > 0, got " + floor);
    }
    double largest = Math.max(Math.abs(lower), Math.abs(upper));
    Grid grid = gridOf(Math.log(floor), Math.log(largest + floor), options);
    Kernel kernel = new Kernel(grid, bandwidth(grid, steps, options));
    for (QuadratureRule rule : draws) {
      for (int j = 0; j < rule.size(); j++) {
        double node = rule.node(j);
        if (sign == Sign.ANY || (sign == Sign.NEGATIVE) == (node < 0)) {
          kernel.add(Math.log(Math.abs(node) + floor), rule.weight(j) / draws.size(), true);
        }
      }
    }
    double[] points = grid.points();
    double[] values = kernel.sums;
    for (int i = 0; i < points.length; i++) {
      points[i] = Math.exp(points[i]);
      values[i] /= points[i];
    }
    return new SpectralDensity(Scale.LOGARITHMIC, points, values, square(kernel.bandwidth));
  }

  /** ε of {@link #logarithmic} in the notebook of arXiv 1811.07062. */
  public static final double DEFAULT_FLOOR = 1e-6;

  /** Returns a copy of the grid. */
  @Override
  public double[] grid() {
    return grid.clone();
  }

  /** Returns a copy of the values, in the order of the grid. */
  @Override
  public double[] values() {
    return values.clone();
  }

  /** Returns the standard deviation of the kernel, the root of {@link #variance()}. */
  public double bandwidth() {
    return Math.sqrt(variance);
  }

  /**
   * Returns the integral over eigenvalues: the share of them that the density shows.
   *
   * <p>It is the sum over the grid times the step in what the grid is even in.
   */
  public double integral() {
    int last = grid.length - 1;
    double sum = 0;
    if (scale == Scale.LINEAR) {
      for (double value : values) {
        sum += value;
      }
      return sum * ((grid[last] - grid[0]) / last);
    }
    for (int i = 0; i <= last; i++) {
      sum += values[i] * grid[i];
    }
    return sum * (Math.log(grid[last] / grid[0]) / last);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SpectralDensity that
        && scale == that.scale
        && variance == that.variance
        && Arrays.equals(grid, that.grid)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(grid) + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "SpectralDensity[scale=%s, %d points from %s to %s, variance=%s]"
        .formatted(scale, grid.length, grid[0], grid[grid.length - 1], variance);
  }

  /**
   * Settings of {@link #gaussian}.
   *
   * @param relativeVariance variance of the kernel over max(1, length of the grid), in units of the
   *     eigenvalues, &gt; 0; default 1e-5, that of the paper's code, which recommends 1e-5 to 1e-3
   * @param points number of grid points, at least 2; default 10,000, that of the paper's code
   * @param gridExpansion how far the grid goes beyond the nodes at either end, in units of the
   *     eigenvalues, &gt; 0; default 0.01, that of the paper's code
   */
  public record GaussianOptions(double relativeVariance, int points, double gridExpansion) {

    /** Checks the settings. */
    public GaussianOptions {
      requirePositive("relativeVariance", relativeVariance);
      requirePoints(points);
      requirePositive("gridExpansion", gridExpansion);
    }

    /** Returns the settings of the paper's code. */
    public static GaussianOptions defaults() {
      return new GaussianOptions(1e-5, 10_000, 0.01);
    }

    /** Returns these settings with another {@link #relativeVariance()}. */
    public GaussianOptions withRelativeVariance(double newRelativeVariance) {
      return new GaussianOptions(newRelativeVariance, points, gridExpansion);
    }

    /** Returns these settings with another number of {@link #points()}. */
    public GaussianOptions withPoints(int newPoints) {
      return new GaussianOptions(relativeVariance, newPoints, gridExpansion);
    }

    /** Returns these settings with another {@link #gridExpansion()}. */
    public GaussianOptions withGridExpansion(double newGridExpansion) {
      return new GaussianOptions(relativeVariance, points, newGridExpansion);
    }
  }

  /**
   * Settings of {@link #kappa} and {@link #logarithmic}.
   *
   * @param kappa κ, how deep the dip between two kernels is that lie one resolution apart,
   *     dimensionless, &gt; 1; larger is narrower. Default 1.25, that of the paper's code
   * @param points number of grid points, at least 2; default 1024, that of the paper's code
   * @param margin how far the grid goes beyond the range at either end, as a part of the range's
   *     length, dimensionless, &gt;= 0; default 0.05, that of the paper's code
   */
  public record KappaOptions(double kappa, int points, double margin) {

    /** Checks the settings. */
    public KappaOptions {
      if (!(kappa > 1) || Double.isInfinite(kappa)) {
        throw new IllegalArgumentException("kappa must be > 1 and finite, got " + kappa);
      }
      requirePoints(points);
      if (!(margin >= 0) || Double.isInfinite(margin)) {
        throw new IllegalArgumentException("margin must be >= 0 and finite, got " + margin);
      }
    }

    /** Returns the settings of the paper's code. */
    public static KappaOptions defaults() {
      return new KappaOptions(1.25, 1024, 0.05);
    }

    /** Returns these settings with another {@link #kappa()}. */
    public KappaOptions withKappa(double newKappa) {
      return new KappaOptions(newKappa, points, margin);
    }

    /** Returns these settings with another number of {@link #points()}. */
    public KappaOptions withPoints(int newPoints) {
      return new KappaOptions(kappa, newPoints, margin);
    }

    /** Returns these settings with another {@link #margin()}. */
    public KappaOptions withMargin(double newMargin) {
      return new KappaOptions(kappa, points, newMargin);
    }
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "%s must be > 0 and finite, got %s".formatted(name, value));
    }
  }

  private static void requirePoints(int points) {
    if (points < 2) {
      throw new IllegalArgumentException("points must be >= 2, got " + points);
    }
  }

  private static void requireDraws(List<QuadratureRule> draws) {
    if (draws.isEmpty()) {
      throw new IllegalArgumentException("a density needs at least one draw, got none");
    }
  }

  private static void requireWithin(List<QuadratureRule> draws, double lower, double upper) {
    requireDraws(draws);
    for (QuadratureRule rule : draws) {
      double smallest = rule.node(0);
      double largest = rule.node(rule.size() - 1);
      if (!(smallest >= lower && largest <= upper)) {
        throw new IllegalArgumentException(
            "the range must hold all nodes, got [%s, %s] with nodes from %s to %s"
                .formatted(lower, upper, smallest, largest));
      }
    }
  }

  /** Returns the grid of a range with its margins. */
  private static Grid gridOf(double lower, double upper, KappaOptions options) {
    double extra = options.margin() * (upper - lower);
    return Grid.of(lower - extra, upper + extra, options.points());
  }

  private static double bandwidth(Grid grid, int steps, KappaOptions options) {
    if (steps < 2) {
      throw new IllegalArgumentException("steps must be >= 2, got " + steps);
    }
    double halfLength = (grid.upper - grid.lower) / 2;
    double resolution = 2.0 / (steps - 1);
    return halfLength * resolution / Math.sqrt(8 * Math.log(options.kappa()));
  }

  private static double[] scaledToIntegrateToOne(double[] values, double step) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double[] scaled = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      scaled[i] = values[i] / (sum * step);
    }
    return scaled;
  }

  private static double square(double x) {
    return x * x;
  }

  /** An even grid, both ends included. */
  private static final class Grid {
    private final double lower;
    private final double upper;
    private final int size;
    private final double step;

    /** Returns the grid of a range; one that is a point up to rounding is widened. */
    static Grid of(double lower, double upper, int size) {
      double place = Math.max(Math.abs(lower), Math.abs(upper));
      if (upper - lower <= SHORTEST_RANGE * place) {
        double extra = WIDENING * (place == 0 ? 1 : place);
        return new Grid(lower - extra, upper + extra, size);
      }
      return new Grid(lower, upper, size);
    }

    private Grid(double lower, double upper, int size) {
      this.lower = lower;
      this.upper = upper;
      this.size = size;
      step = (upper - lower) / (size - 1);
    }

    double point(int i) {
      return i == size - 1 ? upper : lower + i * step;
    }

    double[] points() {
      double[] points = new double[size];
      for (int i = 0; i < size; i++) {
        points[i] = point(i);
      }
      return points;
    }
  }

  /** Sums of normal densities of one bandwidth on a grid. */
  private static final class Kernel {
    private final Grid grid;
    private final double bandwidth;
    private final double[] sums;

    Kernel(Grid grid, double bandwidth) {
      this.grid = grid;
      this.bandwidth = bandwidth;
      sums = new double[grid.size];
    }

    /**
     * Adds a kernel.
     *
     * @param whole whether to scale it so that the grid holds all of its weight
     */
    void add(double center, double weight, boolean whole) {
      double reach = KERNEL_REACH * bandwidth;
      int nearest = clamp(Math.rint((center - grid.lower) / grid.step));
      int first = Math.min(nearest, clamp(Math.ceil((center - reach - grid.lower) / grid.step)));
      int last = Math.max(nearest, clamp(Math.floor((center + reach - grid.lower) / grid.step)));
      // Relative to the highest value on the grid: a narrow kernel may vanish at every point.
      double shift = whole ? square((grid.point(nearest) - center) / bandwidth) / 2 : 0;
      double height = weight / (bandwidth * Math.sqrt(2 * Math.PI));
      if (whole) {
        double sum = 0;
        for (int i = first; i <= last; i++) {
          sum += shape(i, center, shift);
        }
        height = weight / (sum * grid.step);
      }
      for (int i = first; i <= last; i++) {
        sums[i] += height * shape(i, center, shift);
      }
    }

    private double shape(int i, double center, double shift) {
      return Math.exp(shift - square((grid.point(i) - center) / bandwidth) / 2);
    }

    private int clamp(double index) {
      return (int) Math.max(0, Math.min(grid.size - 1, index));
    }
  }
}
