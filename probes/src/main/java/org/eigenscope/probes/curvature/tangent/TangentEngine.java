package org.eigenscope.probes.curvature.tangent;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.eigenscope.probes.curvature.CurvatureEngine;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.EvaluationCount;
import org.eigenscope.probes.curvature.KinkCount;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.kernel.Crew;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.eigenscope.probes.linalg.FreeMemory;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Exact second-order products by forward and reverse tangents, in FLOAT or DOUBLE, for networks of
 * layers that are known here.
 *
 * <p><b>Definition.</b> The network is linearised once: its values and the loss's errors at the
 * parameters are computed and kept. A Hessian product then is the change along the vector of the
 * network's forward and backward passes (Pearlmutter 1994, "Fast Exact Multiplication by the
 * Hessian", Neural Computation 6, section 3); a Gauss–Newton product the change of the outputs,
 * times the loss's Hessian, passed back (Schraudolph 2002, "Fast Curvature Matrix–Vector Products
 * for Second-Order Gradient Descent", Neural Computation 14, section 3).
 *
 * <p><b>Accuracy.</b> To rounding. Which piece rectifiers and pooling windows are in is decided in
 * DOUBLE for both types, so that FLOAT products differ from DOUBLE ones by rounding alone.
 *
 * <p><b>Cost.</b> For each vector about six matrix products of the size of a layer's own forward
 * product, two in a first layer. The vectors of a block are dealt out to threads.
 *
 * <p><b>Threading.</b> Works on threads of its own, which it stops when closed; no setting of any
 * other thread is read or changed.
 */
public final class TangentEngine implements CurvatureEngine {
  /**
   * Memory for the changes of one piece's examples, all threads together, where there is a choice.
   */
  private static final long PIECE_BYTES = 1L << 29;

  /** Examples for each thread below which kernels lose speed. */
  private static final long LEAST_EXAMPLES = 16;

  /** Places for vectors in all rounds of all teams, over the vectors there are. */
  private static final double LARGEST_IDLE_FACTOR = 1.25;

  private final Elements elements;
  private final long parameters;
  private final Weights weights;
  private final Program program;
  private final Storage storage;
  private final Crew crew;
  private final Linearizer linearizer;
  private final List<Examples> data;
  private final long examples;
  private final long memoryBytes;
  private final @Nullable Tensor[][] tangents;
  private final @Nullable Tensor[][] cotangents;
  private final List<List<Tensor>> partials = new ArrayList<>();
  private final List<Piece> pieces = new ArrayList<>();
  private boolean keepsPieces = true;
  private @Nullable INDArray gradient;
  private double loss;
  private long products;
  private long linearizations;

  /**
   * Compiles a network and copies its parameters.
   *
   * @param network the network; not modified, not kept
   * @param data the examples, in the batches whose statistics batch normalization takes
   * @param fixedStatistics whether batch normalization uses its running statistics, as constants
   * @param type FLOAT or DOUBLE, of vectors and products
   * @param threads number of threads that work on a product, at least 1
   * @throws UnsupportedNetworkException if the network, or the data for it, have a part that is not
   *     known here; the message names it
   */
  public TangentEngine(
      Network network, DataBatches data, boolean fixedStatistics, DataType type, int threads) {
    this(network, data, fixedStatistics, type, threads, Long.MAX_VALUE);
  }

  /**
   * @param memoryBytes limit for what is kept of the linearisation
   */
  TangentEngine(
      Network network,
      DataBatches data,
      boolean fixedStatistics,
      DataType type,
      int threads,
      long memoryBytes) {
    requireKnown(data);
    this.elements = Elements.of(type);
    this.parameters = network.parameters();
    this.memoryBytes = memoryBytes;
    this.examples = data.examples();
    this.weights = new Weights(network.model().params(), elements);
    boolean compiled = false;
    try {
      this.program =
          NetworkCompiler.compile(
              network, List.of(data.batches().get(0).getFeatures()), weights, fixedStatistics);
      requireKnown(data, program);
      compiled = true;
    } finally {
      if (!compiled) {
        weights.close();
      }
    }
    program.steps().forEach(step -> step.teams(threads));
    this.crew = new Crew(threads, weights::enterThread);
    this.storage = new Storage(program);
    this.linearizer = new Linearizer(program, crew, elements, storage, 1.0 / examples);
    this.data = pieces(data);
    this.tangents = new Tensor[threads][];
    this.cotangents = new Tensor[threads][];
  }

  private static void requireKnown(DataBatches data) {
    if (Nd4j.getExecutioner().type() != OpExecutioner.ExecutionerType.NATIVE_CPU) {
      throw new UnsupportedNetworkException("ND4J's backend, which is not a CPU's");
    }
    for (MultiDataSet batch : data.batches()) {
      INDArray[] masks = batch.getFeaturesMaskArrays();
      for (int i = 0; masks != null && i < masks.length; i++) {
        if (masks[i] != null) {
          throw UnsupportedNetworkException.of("features", "mask");
        }
      }
      INDArray[] first = data.batches().get(0).getFeatures();
      for (int i = 0; i < first.length; i++) {
        long[] expected = first[i].shape().clone();
        expected[0] = batch.getFeatures(i).size(0);
        if (!java.util.Arrays.equals(expected, batch.getFeatures(i).shape())) {
          throw UnsupportedNetworkException.of("features", "examples of different shapes");
        }
      }
    }
  }

  private static void requireKnown(DataBatches data, Program program) {
    for (MultiDataSet batch : data.batches()) {
      for (LossStep step : program.losses()) {
        INDArray labels = batch.getLabels(step.index());
        if (labels.rank() != 2 || labels.size(1) != step.input().size()) {
          throw UnsupportedNetworkException.of(step.name(), "labels of another shape");
        }
        INDArray[] masks = batch.getLabelsMaskArrays();
        INDArray mask = masks == null ? null : masks[step.index()];
        if (mask != null && !known(mask, step)) {
          throw UnsupportedNetworkException.of(step.name(), "labels mask");
        }
      }
    }
  }

  /** Deeplearning4j applies masks in several places, which zeros and ones do not show. */
  private static boolean known(INDArray mask, LossStep step) {
    boolean fits =
        mask.rank() == 2
            && (mask.size(1) == 1
                || (mask.size(1) == step.input().size() && step.loss().masksOutputs()));
    return fits && count(mask.eq(0)) + count(mask.eq(1)) == mask.length();
  }

  private static long count(INDArray truths) {
    return truths.castTo(DataType.INT64).sumNumber().longValue();
  }

  /** Divides the examples: batches whose statistics count stay whole. */
  private List<Examples> pieces(DataBatches batches) {
    DataBatches chosen = batches;
    if (!program.couples()) {
      long each = storage.width() * elements.bytes() * crew.threads();
      long rows = Math.max(LEAST_EXAMPLES * crew.threads(), PIECE_BYTES / Math.max(1, each));
      chosen = batches.rebatched((int) Math.min(Integer.MAX_VALUE, Math.min(examples, rows)));
    }
    return chosen.batches().stream().map(Examples::of).toList();
  }

  @Override
  public Engine engine() {
    return Engine.TANGENT;
  }

  @Override
  public DataType dataType() {
    return elements.type();
  }

  @Override
  public double loss() {
    linearized();
    return loss;
  }

  @Override
  public INDArray gradient() {
    return linearized().dup();
  }

  /** Goes through all data once, the first time. */
  @SuppressWarnings("try") // the scope itself is the use
  private INDArray linearized() {
    INDArray known = gradient;
    if (known != null) {
      return known;
    }
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray sum = Nd4j.create(elements.type(), 1, parameters);
      Gradients gradients = gradients(sum, 0, crew.threads());
      double total = 0;
      for (int i = 0; i < data.size(); i++) {
        Piece piece = linearizer.linearize(data.get(i), gradients, i == 0);
        total += linearizer.loss(piece);
        keepOrClose(piece);
      }
      linearizations++;
      loss = total / examples;
      gradient = sum.reshape(parameters);
      return sum.reshape(parameters);
    }
  }

  /** Keeps a piece if all of them are going to fit into the memory. */
  private void keepOrClose(Piece piece) {
    if (keepsPieces) {
      double share = (double) piece.size() / examples;
      long rest = (long) (piece.bytes() / share) - piece.bytes() * (pieces.size() + 1);
      keepsPieces =
          piece.bytes() / share <= memoryBytes
              && rest <= FreeMemory.usable(rest, Long.MAX_VALUE) / 2;
      if (keepsPieces) {
        pieces.add(piece);
        return;
      }
      pieces.forEach(Piece::close);
      pieces.clear();
    }
    if (data.size() == 1) {
      // It alone has to fit anyway.
      pieces.add(piece);
      keepsPieces = true;
    } else {
      piece.close();
    }
  }

  private Gradients gradients(INDArray row, int team, int members) {
    while (partials.size() <= team) {
      partials.add(new ArrayList<>());
    }
    List<Tensor> own = partials.get(team);
    while (own.size() < members - 1) {
      own.add(Tensor.allocate(elements, 1, Math.toIntExact(Math.max(1, program.partialSize()))));
    }
    return new Gradients(Tensor.sharing(row, 1), own);
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public INDArray apply(CurvatureMatrix matrix, INDArray block) {
    linearized();
    Mode mode =
        switch (matrix) {
          case HESSIAN -> Mode.HESSIAN;
          case GAUSS_NEWTON -> Mode.GAUSS_NEWTON;
          case RESIDUAL -> Mode.RESIDUAL;
        };
    products += block.rows();
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray vectors = dense(block);
      INDArray result = Nd4j.createUninitialized(elements.type(), block.rows(), parameters);
      flow(
          mode,
          vectors,
          result,
          (worker, frame, vector, start) -> {
            push(worker, frame);
            Linearizer.goBack(program, worker, frame);
          });
      return result;
    }
  }

  @Override
  public long outputs() {
    return examples * program.losses().stream().mapToLong(step -> step.input().size()).sum();
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public INDArray jvp(INDArray block) {
    linearized();
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray vectors = dense(block);
      INDArray result = Nd4j.create(elements.type(), block.rows(), outputs());
      flow(
          Mode.GAUSS_NEWTON,
          vectors,
          null,
          (worker, frame, vector, start) -> {
            push(worker, frame);
            worker.meet();
            exchange(worker, frame, Tensor.sharing(result.getRow(vector), 1), start, false);
            worker.meet();
          });
      return result;
    }
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public INDArray vjp(INDArray block) {
    linearized();
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray cotangents = dense(block);
      INDArray result = Nd4j.createUninitialized(elements.type(), block.rows(), parameters);
      flow(
          Mode.TRANSPOSE,
          null,
          result,
          (worker, frame, vector, start) -> {
            exchange(worker, frame, Tensor.sharing(cotangents.getRow(vector), 1), start, true);
            Linearizer.goBack(program, worker, frame);
          });
      return result;
    }
  }

  /** Copies the outputs' part of a piece between a row of outputs and the edges. */
  private void exchange(Worker worker, Frame frame, Tensor row, long start, boolean toEdges) {
    long offset = 0;
    for (LossStep step : program.losses()) {
      int width = step.input().size();
      double[] numbers = worker.scratch(0, width);
      long end = worker.to(frame.piece().size());
      for (long n = worker.from(frame.piece().size()); n < end; n++) {
        long at = offset + (start + n) * width;
        if (toEdges) {
          row.read(at, numbers, 0, width);
          step.mask(frame.piece(), n, numbers);
          if (step.input().varies()) {
            frame.cotangent(step.input()).write(n * width, numbers, 0, width);
          }
        } else if (step.input().varies()) {
          frame.tangent(step.input()).read(n * width, numbers, 0, width);
          step.mask(frame.piece(), n, numbers);
          row.write(at, numbers, 0, width);
        }
      }
      offset += examples * width;
    }
  }

  private INDArray dense(INDArray block) {
    return block.ordering() == 'c' && block.elementWiseStride() == 1 && !block.isView()
        ? block
        : block.dup('c');
  }

  /** What a team does with one vector and one piece. */
  private interface Flow {
    /**
     * @param start number of the piece's first example among all
     */
    void run(Worker worker, Frame frame, int vector, long start);
  }

  /**
   * Goes through all pieces with all rows of what goes in or comes out.
   *
   * @param vectors vectors of parameters that go in, or null
   * @param results vectors of parameters that come out, or null
   */
  private void flow(Mode mode, @Nullable INDArray vectors, @Nullable INDArray results, Flow flow) {
    int count = Objects.requireNonNull(vectors == null ? results : vectors).rows();
    int teams = teams(count);
    int members = crew.threads() / teams;
    long start = 0;
    for (int p = 0; p < data.size(); p++) {
      Piece piece = keepsPieces ? pieces.get(p) : again(data.get(p));
      try {
        List<Frame> frames = new ArrayList<>();
        for (int j = 0; j < count; j++) {
          int team = j % teams;
          frames.add(
              new Frame(
                  piece,
                  mode,
                  vectors == null ? null : Tensor.sharing(vectors.getRow(j), 1),
                  tangents(team),
                  cotangents(team),
                  results == null ? null : gradients(results.getRow(j), team, members),
                  p == 0,
                  1.0 / examples,
                  program.steps().size(),
                  members));
        }
        long first = start;
        crew.run(
            teams,
            worker -> {
              for (int j = worker.team(); j < count; j += teams) {
                flow.run(worker, frames.get(j), j, first);
              }
            });
      } finally {
        if (!keepsPieces) {
          piece.close();
        }
      }
      start += piece.size();
    }
  }

  private Piece again(Examples part) {
    INDArray unused = Nd4j.create(elements.type(), 1, parameters);
    return linearizer.linearize(part, gradients(unused, 0, crew.threads()), true);
  }

  /**
   * Returns into how many teams to divide the threads: as many as possible, which have the least to
   * wait for, unless too many of them would be idle at the end.
   */
  private int teams(int vectors) {
    int best = 1;
    for (int teams = 2; teams <= crew.threads(); teams++) {
      int rounds = (vectors + teams - 1) / teams;
      if (crew.threads() % teams == 0 && rounds * teams <= LARGEST_IDLE_FACTOR * vectors) {
        best = teams;
      }
    }
    return best;
  }

  private @Nullable Tensor[] tangents(int team) {
    @Nullable Tensor[] known = tangents[team];
    if (known == null) {
      known = new Tensor[program.values().size()];
      storage.allocateTangents(known, elements, largestPiece());
      tangents[team] = known;
    }
    return known;
  }

  private @Nullable Tensor[] cotangents(int team) {
    @Nullable Tensor[] known = cotangents[team];
    if (known == null) {
      known = new Tensor[program.values().size()];
      storage.allocateErrors(known, elements, largestPiece());
      cotangents[team] = known;
    }
    return known;
  }

  private long largestPiece() {
    return data.stream().mapToLong(Examples::size).max().orElseThrow();
  }

  private void push(Worker worker, Frame frame) {
    List<Step> steps = program.steps();
    for (int i = worker.index(); i < steps.size(); i += worker.size()) {
      steps.get(i).load(frame, worker.team());
    }
    worker.meet();
    for (Step step : steps) {
      if (step.output().varies()) {
        step.push(worker, frame);
      }
    }
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>(program.notes());
    notes.add(
        "products are exact tangents in %s, kernels: %s"
            .formatted(elements, weights.kernels().library()));
    if (!keepsPieces) {
      notes.add("the linearisation does not fit into the memory and is repeated for each block");
    }
    return notes;
  }

  @Override
  public KinkCount kinks() {
    return new KinkCount(products, 0, 0, 0);
  }

  @Override
  public EvaluationCount evaluations() {
    return new EvaluationCount(linearizations, 0);
  }

  @Override
  public long expectedBytes() {
    long rows = largestPiece();
    long kept =
        2
            * storage.width()
            * elements.bytes()
            * (gradient == null || keepsPieces ? examples : rows);
    long moving = storage.width() * elements.bytes() * rows * crew.threads();
    return weights.bytes() + kept + moving;
  }

  @Override
  public void close() {
    crew.close();
    pieces.forEach(Piece::close);
    pieces.clear();
    for (int team = 0; team < tangents.length; team++) {
      close(tangents[team]);
      close(cotangents[team]);
      tangents[team] = null;
      cotangents[team] = null;
    }
    partials.forEach(members -> members.forEach(Tensor::close));
    partials.clear();
    weights.close();
  }

  private void close(@Nullable Tensor @Nullable [] tensors) {
    if (tensors != null) {
      storage.distinct(tensors).forEach(Tensor::close);
    }
  }
}
