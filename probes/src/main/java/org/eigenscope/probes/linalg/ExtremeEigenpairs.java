package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/* IMPLEMENTATION NOTES
 *
 * Block Rayleigh-Ritz with thick restart. The start is a block of random vectors, at least as many
 * as pairs are wanted of one end; a Krylov space of a block of p random vectors holds every
 * eigenspace up to multiplicity p. Each round adds the residuals of the wanted pairs that have not
 * converged. In exact arithmetic these residuals span the next block of block Lanczos, or a part of
 * it once some pairs have converged; with parallel residuals it is Lanczos (Morgan and Scott 1986).
 * When few pairs are open, several blocks are added before the next Rayleigh-Ritz step, the images
 * of one being the directions of the next, so that dense eigenproblems stay a small part of the work.
 * A full basis restarts from the wanted Ritz vectors and those next to them (Wu and Simon 2000).
 *
 * Warm rows start the same way, but may be blind: exact eigenvectors have no residuals, and nothing
 * would look at their complement. So once all pairs have converged, a short Krylov sequence of a
 * new random vector, orthogonal to all there is, is added; if it changes a wanted value the
 * iteration goes on, and ends with a sequence that changes nothing. After q steps from a random
 * vector the largest Ritz value is near the largest eigenvalue of the complement (Kuczynski and
 * Wozniakowski 1992); one that stands out by a factor of two is found but for a chance of
 * about 1e-4 at n = 1e6, one that hardly stands out may be missed.
 */
/** The algebraically largest and smallest eigenpairs of an operator. */
public final class ExtremeEigenpairs {

  /** Vectors of the sequence that looks for eigenvectors a warm start missed. */
  private static final int SEARCH_STEPS = 8;

  /** Basis vectors beyond which the dense eigenproblem in Java costs seconds. */
  private static final int LARGEST_BASIS = 400;

  /** Rounds in which a basis doubles, at most: each solves its dense eigenproblem. */
  private static final int ROUNDS_PER_DOUBLING = 16;

  /** Share of a full basis that a restart keeps. */
  private static final double KEPT = 0.75;

  private final List<RitzPair> largest;
  private final List<RitzPair> smallest;
  private final long matvecs;
  private final boolean converged;
  private final double scale;

  private ExtremeEigenpairs(
      List<RitzPair> largest,
      List<RitzPair> smallest,
      long matvecs,
      boolean converged,
      double scale) {
    this.largest = List.copyOf(largest);
    this.smallest = List.copyOf(smallest);
    this.matvecs = matvecs;
    this.converged = converged;
    this.scale = scale;
  }

  /**
   * Settings of a computation.
   *
   * @param largest how many algebraically largest pairs, at least 0
   * @param smallest how many algebraically smallest pairs, at least 0; not both 0
   * @param relativeTolerance largest residual norm as a fraction of the largest absolute Ritz
   *     value, in (0, 1); empty, the default, is 1e-6 for DOUBLE and 1e-4 for FLOAT operators
   * @param maxMatvecs bound on the applications of the operator, at least {@code largest +
   *     smallest}; default 2000, about twice what 10 draws of 90 steps of quadrature cost, and
   *     three times what 10 + 10 pairs took of a spectrum that crowds at its lower end (1/j, order
   *     2000)
   * @param seed seed of the random start; default 1
   * @param memoryBytes upper limit for the vectors, in bytes; what is free limits them as well.
   *     Default none, {@code Long.MAX_VALUE}
   * @param threads threads that work on the vectors between products, at least 1; default as many
   *     as there are processors
   */
  public record Options(
      int largest,
      int smallest,
      OptionalDouble relativeTolerance,
      long maxMatvecs,
      long seed,
      long memoryBytes,
      int threads) {

    private static final long DEFAULT_MAX_MATVECS = 2000;

    /** Checks the ranges. */
    public Options {
      if (largest < 0 || smallest < 0 || largest + smallest < 1) {
        throw new IllegalArgumentException(
            "largest and smallest must be at least 0 and not both 0, got %d and %d"
                .formatted(largest, smallest));
      }
      double tolerance = relativeTolerance.orElse(0.5);
      if (!(tolerance > 0 && tolerance < 1)) {
        throw new IllegalArgumentException(
            "relativeTolerance must be between 0 and 1, got " + tolerance);
      }
      if (maxMatvecs < largest + smallest) {
        throw new IllegalArgumentException(
            "maxMatvecs must be at least largest + smallest = %d, got %d"
                .formatted(largest + smallest, maxMatvecs));
      }
      if (memoryBytes < 0) {
        throw new IllegalArgumentException("memoryBytes must be at least 0, got " + memoryBytes);
      }
      if (threads < 1) {
        throw new IllegalArgumentException("threads must be at least 1, got " + threads);
      }
    }

    /** Returns the defaults for a number of pairs of each end. */
    public static Options of(int largest, int smallest) {
      return new Options(
          largest,
          smallest,
          OptionalDouble.empty(),
          Math.max(DEFAULT_MAX_MATVECS, largest + smallest),
          1,
          Long.MAX_VALUE,
          Runtime.getRuntime().availableProcessors());
    }

    /** Returns these settings with another {@link #relativeTolerance}. */
    public Options withRelativeTolerance(double value) {
      return new Options(
          largest, smallest, OptionalDouble.of(value), maxMatvecs, seed, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #maxMatvecs}. */
    public Options withMaxMatvecs(long value) {
      return new Options(largest, smallest, relativeTolerance, value, seed, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #seed}. */
    public Options withSeed(long value) {
      return new Options(
          largest, smallest, relativeTolerance, maxMatvecs, value, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #memoryBytes}. */
    public Options withMemoryBytes(long value) {
      return new Options(largest, smallest, relativeTolerance, maxMatvecs, seed, value, threads);
    }

    /** Returns these settings with another {@link #threads}. */
    public Options withThreads(int value) {
      return new Options(
          largest, smallest, relativeTolerance, maxMatvecs, seed, memoryBytes, value);
    }

    double relativeTolerance(DataType type) {
      return relativeTolerance.orElse(type == DataType.FLOAT ? 1e-4 : 1e-6);
    }
  }

  /**
   * Returns extreme eigenpairs, from a random start.
   *
   * <p><b>Definition.</b> Pairs (θ, y) with ‖A y − θ y‖₂ at most {@code relativeTolerance} times
   * the largest absolute Ritz value, multiple eigenvalues as often as they are there.
   *
   * <p><b>Cost.</b> About 5 matvecs a pair where eigenvalues stand apart, and some tens where they
   * crowd; 16·m·n bytes (8 in FLOAT) for a basis of m vectors, which is chosen as large as the
   * memory allows, up to 400 or what the pairs need.
   *
   * <p><b>Convergence.</b> With more than {@code maxMatvecs} products to go, the best pairs so far
   * are returned with their residual norms and {@link #converged()} is false.
   *
   * <p><b>References.</b> Morgan and Scott 1986, "Generalizations of Davidson's method for
   * computing eigenvalues of sparse symmetric matrices", SIAM J. Sci. Stat. Comput. 7; Wu and Simon
   * 2000, "Thick-restart Lanczos method for large symmetric eigenvalue problems", SIAM J. Matrix
   * Anal. Appl. 22; Kuczyński and Woźniakowski 1992, "Estimating the largest eigenvalue by the
   * power and Lanczos algorithms with a random start", SIAM J. Matrix Anal. Appl. 13.
   *
   * @param operator A, symmetric of order n
   * @param options settings
   * @throws IllegalArgumentException if more pairs of an end are asked for than the order
   * @throws IllegalStateException if the smallest possible basis does not fit into the memory
   * @throws NonFiniteValueException if a product is not finite
   */
  public static ExtremeEigenpairs compute(LinearOperator operator, Options options) {
    return computeFrom(operator, options, null);
  }

  /**
   * As {@link #compute(LinearOperator, Options)}, from approximate eigenvectors.
   *
   * <p><b>Cost.</b> As there, less what the start is worth; plus a matvec for each row and at least
   * 8 that look for eigenvectors the start does not see. One whose eigenvalue hardly stands out
   * from the rest of the spectrum may be missed; a random start is the surer one.
   *
   * @param operator A, symmetric of order n
   * @param options settings
   * @param start rows [s, n] of any length, for example the pairs of an earlier, similar operator,
   *     both ends; they may be dependent or zero; not modified
   * @throws IllegalArgumentException also if {@code start} has another shape or type, or is not
   *     finite
   */
  public static ExtremeEigenpairs compute(
      LinearOperator operator, Options options, INDArray start) {
    operator.checkBlock(start);
    for (int i = 0; i < start.size(0); i++) {
      if (!Double.isFinite(Vectors.norm(start.getRow(i)))) {
        throw new IllegalArgumentException("start must be finite, row %d is not".formatted(i));
      }
    }
    return computeFrom(operator, options, start);
  }

  @SuppressWarnings("try")
  private static ExtremeEigenpairs computeFrom(
      LinearOperator operator, Options options, @Nullable INDArray start) {
    if (Math.max(options.largest(), options.smallest()) > operator.order()) {
      throw new IllegalArgumentException(
          "largest and smallest must be at most the operator's order %d, got %d and %d"
              .formatted(operator.order(), options.largest(), options.smallest()));
    }
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        RitzSpace space = new RitzSpace(operator, capacity(operator, options), options.threads())) {
      return new Iteration(operator, options, space).run(start);
    }
  }

  /** Returns how many basis vectors to make room for. */
  private static int capacity(LinearOperator operator, Options options) {
    int wanted = options.largest() + options.smallest();
    int least = (int) Math.min(operator.order(), 2L * wanted + SEARCH_STEPS + 1);
    int most = (int) Math.min(operator.order(), Math.max(LARGEST_BASIS, 4L * wanted));
    long usable = FreeMemory.usable(RitzSpace.bytes(operator, most, wanted), options.memoryBytes());
    if (usable < RitzSpace.bytes(operator, least, wanted)) {
      throw new IllegalStateException(
          "%d eigenpairs of order %d need a basis of %d vectors and %s, but %s may be used; ask for fewer"
              .formatted(
                  wanted,
                  operator.order(),
                  least,
                  FreeMemory.format(RitzSpace.bytes(operator, least, wanted)),
                  FreeMemory.format(usable)));
    }
    long bytesPerVector = RitzSpace.bytes(operator, 1, 0);
    return (int) Math.min(most, (usable - RitzSpace.bytes(operator, 0, wanted)) / bytesPerVector);
  }

  /** Returns the largest pairs, descending. */
  public List<RitzPair> largest() {
    return largest;
  }

  /** Returns the smallest pairs, ascending. */
  public List<RitzPair> smallest() {
    return smallest;
  }

  /** Returns how often the operator was applied. */
  public long matvecs() {
    return matvecs;
  }

  /** Returns whether every pair has a residual norm within the tolerance. */
  public boolean converged() {
    return converged;
  }

  /** Returns the largest absolute Ritz value, to which the tolerance is relative. */
  public double scale() {
    return scale;
  }

  /**
   * Returns the vectors of all pairs as the rows of a new array: a warm start for the next time.
   */
  public INDArray vectors() {
    List<INDArray> rows = new ArrayList<>();
    largest.forEach(pair -> rows.add(pair.vector()));
    smallest.forEach(pair -> rows.add(pair.vector()));
    return Nd4j.vstack(rows);
  }

  /** One computation. */
  private static final class Iteration {
    private final LinearOperator operator;
    private final Options options;
    private final RitzSpace space;
    private final RandomVectors random;
    private final double tolerance;
    private final int wantedCount;

    /**
     * The wanted pairs in descending order: 0, 1, ... from the largest, ..., −2, −1 the smallest.
     */
    private final int[] ranks;

    Iteration(LinearOperator operator, Options options, RitzSpace space) {
      this.operator = operator;
      this.options = options;
      this.space = space;
      this.random = new RandomVectors(RandomVectors.Distribution.GAUSSIAN, options.seed());
      this.tolerance = options.relativeTolerance(operator.dataType());
      this.wantedCount =
          (int) Math.min(operator.order(), options.largest() + (long) options.smallest());
      this.ranks =
          IntStream.concat(
                  IntStream.range(0, options.largest()), IntStream.range(-options.smallest(), 0))
              .toArray();
    }

    ExtremeEigenpairs run(@Nullable INDArray start) {
      begin(start);
      double[] beforeSearch = {};
      int[] watched = ranks;
      while (true) {
        space.solve();
        if (space.size() == operator.order() || budget() == 0) {
          return result();
        }
        try (RitzSpace.Residuals residuals = space.residuals(indices(watched))) {
          int[] open = open(residuals.norms());
          if (open.length > 0) {
            // The others are looked at again when these have converged.
            watched = space.size() < wantedCount ? ranks : select(watched, open);
            grow(residuals.rows(), open);
          } else if (watched.length < ranks.length) {
            watched = ranks;
          } else if (space.size() < wantedCount) {
            fill(wantedCount);
          } else {
            double[] values = Arrays.stream(indices(ranks)).mapToDouble(space::value).toArray();
            if (start == null || unchanged(beforeSearch, values)) {
              return result();
            }
            beforeSearch = values;
            search();
          }
        }
      }
    }

    private long budget() {
      return options.maxMatvecs() - space.matvecs();
    }

    private INDArray random(int count) {
      return random.next(count, operator.order(), operator.dataType());
    }

    /** Adds the rows given, as far as there is room beside the pairs, and random ones. */
    private void begin(@Nullable INDArray start) {
      if (start == null) {
        fill(Math.max(options.largest(), options.smallest()));
        return;
      }
      long rows = Math.min(start.size(0), space.capacity() - (long) wantedCount);
      if (rows > 0) {
        INDArrayIndex first = NDArrayIndex.interval(0, rows);
        expand(start.get(first, NDArrayIndex.all()).dup('c'));
      }
      fill(wantedCount);
    }

    /** Adds random directions up to a size. */
    private void fill(int size) {
      while (space.size() < size && budget() > 0) {
        expand(random(size - space.size()));
      }
    }

    /** Adds the directions of some residuals, and of their images while that is little. */
    private void grow(INDArray residuals, int[] open) {
      makeRoom(open.length);
      int before = space.size();
      INDArray directions =
          Nd4j.createUninitialized(operator.dataType(), open.length, operator.order());
      for (int i = 0; i < open.length; i++) {
        directions.getRow(i).assign(residuals.getRow(open[i]));
      }
      int added = expand(directions);
      if (added == 0) {
        added = expand(random(1));
      }
      while (added > 0 && (space.size() - before) * ROUNDS_PER_DOUBLING < before) {
        added = expand(space.lastImages(added));
      }
    }

    /** Adds a Krylov sequence of a random vector. */
    private void search() {
      makeRoom(SEARCH_STEPS);
      int added = expand(random(1));
      for (int i = 1; i < SEARCH_STEPS && added > 0; i++) {
        added = expand(space.lastImages(1));
      }
    }

    private int expand(INDArray directions) {
      try (directions) {
        return space.expand(directions, budget());
      }
    }

    /**
     * Restarts when a number of vectors would not fit; a basis of the whole space needs no room.
     */
    private void makeRoom(int count) {
      if (space.capacity() == operator.order() || space.size() + count <= space.capacity()) {
        return;
      }
      int kept = Math.min((int) (KEPT * space.capacity()), space.capacity() - count);
      int spare = Math.max(0, kept - wantedCount);
      int top =
          options.largest() + spare * options.largest() / (options.largest() + options.smallest());
      space.restart(ends(top, wantedCount + spare - top));
    }

    /** Returns the indices of ranks, each once, ascending. */
    private int[] indices(int[] someRanks) {
      int size = space.size();
      return Arrays.stream(someRanks)
          .map(rank -> rank >= 0 ? rank : size + rank)
          .filter(index -> index >= 0 && index < size)
          .sorted()
          .distinct()
          .toArray();
    }

    private static int[] select(int[] array, int[] positions) {
      return Arrays.stream(positions).map(i -> array[i]).toArray();
    }

    /** Returns the indices of the largest and smallest Ritz values, each once, ascending. */
    private int[] ends(int top, int bottom) {
      int size = space.size();
      return IntStream.range(0, size).filter(i -> i < top || i >= size - bottom).toArray();
    }

    private int[] open(double[] residualNorms) {
      double bound = tolerance * space.scale();
      return IntStream.range(0, residualNorms.length)
          .filter(i -> !(residualNorms[i] <= bound))
          .toArray();
    }

    private boolean unchanged(double[] before, double[] after) {
      return before.length == after.length
          && IntStream.range(0, after.length)
              .allMatch(i -> Math.abs(after[i] - before[i]) <= tolerance * space.scale());
    }

    private ExtremeEigenpairs result() {
      List<RitzPair> pairs = new ArrayList<>(space.pairs(indices(ranks)));
      pairs.sort(Comparator.comparingDouble(RitzPair::value).reversed());
      int top = Math.min(options.largest(), pairs.size());
      int bottom = Math.min(options.smallest(), pairs.size());
      List<RitzPair> smallest = new ArrayList<>(pairs.subList(pairs.size() - bottom, pairs.size()));
      Collections.reverse(smallest);
      boolean converged =
          pairs.size() >= wantedCount
              && pairs.stream().allMatch(pair -> pair.converged(tolerance, space.scale()));
      return new ExtremeEigenpairs(
          pairs.subList(0, top), smallest, space.matvecs(), converged, space.scale());
    }
  }
}
