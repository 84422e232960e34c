package org.eigenscope.probes.curvature.tangent;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureEngine;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.EvaluationCount;
import org.eigenscope.probes.curvature.KinkCount;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.OutputHessian;
import org.eigenscope.probes.curvature.OutputProbing;
import org.eigenscope.probes.curvature.WeightLayer;
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
 * product, two in a first layer; about two for layers that a block on the diagonal leaves out. The
 * vectors of a block are dealt out to threads. Statistics of all examples together cost no more
 * while these fit into the memory at once. Otherwise they are computed over pieces, one layer of
 * batch normalization after the other: with B such layers a block takes B passes forward, B passes
 * forward and back, and the one that counts.
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
  private static final double LARGEST_IDLE_FACTOR = 1.15;

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
  private final @Nullable Totals totals;
  private final LayerOutputs layerOutputs;
  private int mostTeams;
  private final @Nullable Tensor[][] tangents;
  private final @Nullable Tensor[][] cotangents;
  private final List<List<Tensor>> partials = new ArrayList<>();
  private final List<Piece> pieces = new ArrayList<>();
  private boolean keepsPieces = true;
  private boolean lossFactors = true;
  private @Nullable INDArray gradient;
  private @Nullable INDArray outputValues;
  private double loss;
  private long products;
  private long linearizations;
  private long forwards;

  /**
   * Compiles a network and copies its parameters.
   *
   * @param network the network; not modified, not kept
   * @param data the examples, in their batches
   * @param mode what batch normalization layers normalise with
   * @param type FLOAT or DOUBLE, of vectors and products
   * @param threads number of threads that work on a product, at least 1
   * @throws UnsupportedNetworkException if the network, or the data for it, have a part that is not
   *     known here; the message names it
   */
  public TangentEngine(
      Network network, DataBatches data, BatchNormMode mode, DataType type, int threads) {
    this(network, data, mode, type, threads, Long.MAX_VALUE, Integer.MAX_VALUE);
  }

  /**
   * @param memoryBytes limit for what is kept of the linearisation, and for examples at once whose
   *     statistics are common
   * @param pieceExamples limit for the examples of a piece where there is a choice
   */
  TangentEngine(
      Network network,
      DataBatches data,
      BatchNormMode mode,
      DataType type,
      int threads,
      long memoryBytes,
      int pieceExamples) {
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
              network,
              List.of(data.batches().get(0).getFeatures()),
              weights,
              mode == BatchNormMode.FROZEN);
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
    this.mostTeams = threads;
    this.data = pieces(data, mode, pieceExamples);
    // One batch is the whole population, whatever the mode.
    boolean common = mode == BatchNormMode.POPULATION || data.batches().size() == 1;
    this.totals = common && couples() && this.data.size() > 1 ? new Totals() : null;
    this.linearizer = new Linearizer(program, crew, elements, storage, examples, totals);
    this.layerOutputs = new LayerOutputs(this, program, weights, examples);
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

  private boolean couples() {
    return !program.coupled().isEmpty();
  }

  /**
   * Divides the examples. Batches whose own statistics count stay whole; examples with common
   * statistics stay together while they fit into the memory.
   */
  private List<Examples> pieces(DataBatches batches, BatchNormMode mode, int most) {
    DataBatches chosen = batches;
    if (!couples() || mode == BatchNormMode.POPULATION || batches.batches().size() == 1) {
      int teams = couples() ? teamsAtOnce() : 0;
      if (teams > 0) {
        mostTeams = teams;
        chosen = batches.rebatched(Integer.MAX_VALUE);
      } else {
        long each = storage.width() * elements.bytes() * crew.threads();
        long rows = Math.max(LEAST_EXAMPLES * crew.threads(), PIECE_BYTES / Math.max(1, each));
        chosen = batches.rebatched((int) Math.min(most, Math.min(examples, rows)));
      }
    }
    return chosen.batches().stream().map(Examples::of).toList();
  }

  /**
   * Returns how many vectors can be at work while all examples are in the memory at once: as many
   * as half the free memory holds, or one if all of it does; 0 if it does not.
   */
  private int teamsAtOnce() {
    long kept = keptBytes(examples);
    long each = movingBytes(examples, 1);
    long usable = FreeMemory.usable(2 * (kept + each * crew.threads()), memoryBytes);
    if (kept + each > usable) {
      return 0;
    }
    return (int) Math.max(1, Math.min(crew.threads(), (usable / 2 - kept) / Math.max(1, each)));
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
      if (totals != null) {
        gather(totals, gradients);
      }
      double total = 0;
      long start = 0;
      INDArray values = Nd4j.create(DataType.DOUBLE, outputs());
      for (int i = 0; i < data.size(); i++) {
        Piece piece = linearizer.linearize(data.get(i), gradients, i == 0);
        total += linearizer.loss(piece);
        readOutputs(piece, start, Tensor.sharing(values, 1));
        start += piece.size();
        for (LossStep step : program.losses()) {
          lossFactors &= step.factors(piece);
        }
        keepOrClose(piece);
      }
      linearizations++;
      outputValues = values;
      loss = total / examples;
      gradient = sum.reshape(parameters);
      return sum.reshape(parameters);
    }
  }

  private void readOutputs(Piece piece, long start, Tensor to) {
    long offset = 0;
    for (LossStep step : program.losses()) {
      int width = step.input().size();
      double[] numbers = new double[width];
      for (long n = 0; n < piece.size(); n++) {
        System.arraycopy(step.values(piece, n), 0, numbers, 0, width);
        step.mask(piece, n, numbers);
        to.write(offset + (start + n) * width, numbers, 0, width);
      }
      offset += examples * width;
    }
  }

  /** Lets the steps know what they have to of all pieces, each after those that it depends on. */
  private void gather(Totals all, Gradients unused) {
    all.clear(); // of what an attempt left behind that failed
    List<NormalizationStep> coupled = program.coupled();
    for (NormalizationStep step : coupled) {
      data.forEach(part -> linearizer.gatherValues(part, step));
      forwards++;
    }
    for (int i = coupled.size() - 1; i >= 0; i--) {
      NormalizationStep step = coupled.get(i);
      data.forEach(part -> linearizer.gatherErrors(part, step, unused));
      linearizations++;
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
  public INDArray apply(CurvatureMatrix matrix, INDArray block) {
    return apply(matrix, block, 0, parameters);
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public INDArray apply(CurvatureMatrix matrix, INDArray block, long from, long to) {
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
      flow(mode, block.rows(), vectors, result, new Forward(null, from, to));
      return result;
    }
  }

  @Override
  public long outputs() {
    return examples * program.losses().stream().mapToLong(step -> step.input().size()).sum();
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public INDArray outputValues() {
    linearized();
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return Objects.requireNonNull(outputValues).dup();
    }
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public INDArray jvp(INDArray block) {
    linearized();
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray vectors = dense(block);
      INDArray result = Nd4j.create(elements.type(), block.rows(), outputs());
      flow(Mode.GAUSS_NEWTON, block.rows(), vectors, null, new Forward(result, 0, parameters));
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
      flow(Mode.TRANSPOSE, block.rows(), null, result, new Backward(cotangents));
      return result;
    }
  }

  /** Changes along parameters go forward; then back, or to where outputs are wanted. */
  private final class Forward implements Route {
    private final @Nullable INDArray outputs;
    private final long from;
    private final long to;

    /**
     * @param outputs takes vectors of outputs, or null
     * @param from first parameter that may change
     * @param to the one after the last
     */
    Forward(@Nullable INDArray outputs, long from, long to) {
      this.outputs = outputs;
      this.from = from;
      this.to = to;
    }

    @Override
    public boolean concerns(Parameter parameter) {
      return parameter.offset() < to && parameter.offset() + parameter.length() > from;
    }

    @Override
    public void enter(Worker worker, Frame frame, int vector, long start, int steps) {
      push(worker, frame, steps, null, () -> {});
    }

    @Override
    public void leave(Worker worker, Frame frame, int vector, long start) {
      if (outputs == null) {
        Linearizer.goBack(program, worker, frame);
      } else {
        worker.meet();
        exchange(worker, frame, row(outputs, vector), start, false);
        worker.meet();
      }
    }
  }

  /** Vectors of outputs go back. */
  private final class Backward implements Route {
    private final INDArray outputs;

    Backward(INDArray outputs) {
      this.outputs = outputs;
    }

    @Override
    public void enter(Worker worker, Frame frame, int vector, long start, int steps) {
      exchange(worker, frame, row(outputs, vector), start, true);
    }

    @Override
    public void leave(Worker worker, Frame frame, int vector, long start) {
      Linearizer.goBack(program, worker, frame);
    }
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public @Nullable INDArray squaredNorms(INDArray block) {
    if (couples()) {
      return null;
    }
    linearized();
    List<Step> steps = program.steps();
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray vectors = dense(block);
      INDArray unused = Nd4j.create(elements.type(), 1, parameters);
      INDArray norms = Nd4j.create(DataType.DOUBLE, block.rows(), examples);
      Route back = new Backward(vectors);
      visitPieces(
          (piece, start) -> {
            double[] ofPiece = new double[Math.toIntExact(piece.size())];
            for (int row = 0; row < vectors.rows(); row++) {
              java.util.Arrays.fill(ofPiece, 0);
              Frame frame = backwardFrame(piece, gradients(unused, 0, crew.threads()));
              int vector = row;
              crew.run(
                  1,
                  worker -> {
                    back.enter(worker, frame, vector, start, steps.size());
                    for (int i = steps.size() - 1; i >= 0; i--) {
                      if (steps.get(i).output().varies()) {
                        steps.get(i).addSquaredNorms(worker, frame, ofPiece);
                        steps.get(i).pull(worker, frame);
                      }
                    }
                  });
              row(norms, row).write(start, ofPiece, 0, ofPiece.length);
            }
          });
      return norms;
    }
  }

  private Frame backwardFrame(Piece piece, Gradients gradients) {
    return new Frame(
        piece,
        Mode.NORMS,
        null,
        tangents(0),
        cotangents(0),
        gradients,
        true,
        1.0 / examples,
        null,
        parameter -> true,
        program.steps().size(),
        crew.threads());
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

  /** One part of a route. */
  private interface Visit {
    void run(Worker worker, Frame frame, int vector, long start);
  }

  /**
   * Takes vectors along a route through all pieces; before, where all examples have common
   * statistics, as often as it takes to know these.
   *
   * @param count how many vectors
   * @param vectors vectors of parameters that go forward, one for each or one for all, or null if
   *     nothing goes forward
   * @param results takes vectors of parameters that come back, or null if nothing goes back
   */
  void flow(
      Mode mode, int count, @Nullable INDArray vectors, @Nullable INDArray results, Route route) {
    List<Totals> found = new ArrayList<>();
    List<NormalizationStep> coupled = new ArrayList<>();
    if (totals != null) {
      for (int j = 0; j < count; j++) {
        found.add(new Totals());
      }
      coupled.addAll(program.coupled());
    }
    if (vectors != null) {
      for (NormalizationStep step : coupled) {
        Visit gather =
            (worker, frame, vector, start) -> {
              route.enter(worker, frame, vector, start, step.number());
              step.gatherForward(worker, frame);
            };
        sweep(mode, count, vectors, results, found, route, gather);
      }
    }
    int steps = program.steps().size();
    coupled.removeIf(step -> step.number() <= route.lowest());
    if (results != null) {
      for (int i = coupled.size() - 1; i >= 0; i--) {
        NormalizationStep step = coupled.get(i);
        Visit gather =
            (worker, frame, vector, start) -> {
              route.enter(worker, frame, vector, start, steps);
              Linearizer.goBackTo(step, program, worker, frame);
              step.gatherBack(worker, frame);
            };
        sweep(mode, count, vectors, results, found, route, gather);
      }
    }
    Visit whole =
        (worker, frame, vector, start) -> {
          route.enter(worker, frame, vector, start, steps);
          route.leave(worker, frame, vector, start);
        };
    sweep(mode, count, vectors, results, found, route, whole);
  }

  private static Tensor row(INDArray rows, int index) {
    return Tensor.sharing(rows.getRow(rows.rows() == 1 ? 0 : index), 1);
  }

  /** Goes through all pieces once with all rows. */
  private void sweep(
      Mode mode,
      int count,
      @Nullable INDArray vectors,
      @Nullable INDArray results,
      List<Totals> found,
      Route route,
      Visit visit) {
    visitPieces(
        (piece, start) -> {
          int from = 0;
          while (from < count) {
            int teams = teams(count - from);
            int to = fits(teams, count - from) ? count : from + (count - from) / teams * teams;
            int members = crew.threads() / teams;
            List<Frame> frames = new ArrayList<>();
            for (int j = from; j < to; j++) {
              int team = (j - from) % teams;
              frames.add(
                  new Frame(
                      piece,
                      mode,
                      vectors == null ? null : row(vectors, j),
                      tangents(team),
                      cotangents(team),
                      results == null ? null : gradients(results.getRow(j), team, members),
                      start == 0,
                      1.0 / examples,
                      found.isEmpty() ? null : found.get(j),
                      route::concerns,
                      program.steps().size(),
                      members));
            }
            int firstVector = from;
            crew.run(
                teams,
                worker -> {
                  for (int i = worker.team(); i < frames.size(); i += teams) {
                    visit.run(worker, frames.get(i), firstVector + i, start);
                  }
                });
            from = to;
          }
        });
  }

  /** What happens with a piece, given the number of its first example among all. */
  private interface PieceVisitor {
    void visit(Piece piece, long start);
  }

  private void visitPieces(PieceVisitor visitor) {
    long start = 0;
    for (int p = 0; p < data.size(); p++) {
      Piece piece = keepsPieces ? pieces.get(p) : again(data.get(p));
      try {
        visitor.visit(piece, start);
      } finally {
        if (!keepsPieces) {
          piece.close();
        }
      }
      start += data.get(p).size();
    }
  }

  private Piece again(Examples part) {
    INDArray unused = Nd4j.create(elements.type(), 1, parameters);
    return linearizer.linearize(part, gradients(unused, 0, crew.threads()), true);
  }

  /**
   * Returns into how many teams to divide the threads for the first of some vectors, or for all if
   * they fit: as many as possible, which have the least to wait for.
   */
  private int teams(int vectors) {
    int best = 1;
    for (int teams = 2; teams <= mostTeams; teams++) {
      if (crew.threads() % teams == 0 && (vectors >= teams || fits(teams, vectors))) {
        best = teams;
      }
    }
    return best;
  }

  /** Returns whether few enough teams would be idle at the end. */
  private static boolean fits(int teams, int vectors) {
    int rounds = (vectors + teams - 1) / teams;
    return rounds * teams <= LARGEST_IDLE_FACTOR * vectors;
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

  /** Returns the length of the flat vector. */
  long parameters() {
    return parameters;
  }

  /** Returns how many examples' statistics can depend on each other. */
  long coupledExamples() {
    return totals == null ? largestPiece() : examples;
  }

  private long largestPiece() {
    return data.stream().mapToLong(Examples::size).max().orElseThrow();
  }

  /**
   * Pushes through the first steps.
   *
   * @param source a step whose output's change is replaced, or null
   * @param replace replaces it, for a member's own examples
   */
  void push(Worker worker, Frame frame, int count, @Nullable Step source, Runnable replace) {
    List<Step> steps = program.steps();
    for (int i = worker.index(); i < steps.size(); i += worker.size()) {
      steps.get(i).load(frame, worker.team());
    }
    worker.meet();
    for (Step step : steps.subList(0, count)) {
      if (step.output().varies()) {
        step.push(worker, frame);
      }
      if (step == source) {
        replace.run();
      }
    }
  }

  @Override
  public List<WeightLayer> weightLayers() {
    return layerOutputs.layers();
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public void visitInputs(List<WeightLayer> layers, BiConsumer<WeightLayer, INDArray> visitor) {
    linearized();
    List<WeightStep> steps = layerOutputs.steps(layers);
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      visitPieces(
          (piece, start) -> {
            for (WeightStep step : steps) {
              step.visitInputs(piece, rows -> visitor.accept(step.layer(), rows));
            }
          });
    }
  }

  @Override
  @SuppressWarnings("try") // the scope itself is the use
  public List<OutputHessian> outputHessians(
      CurvatureMatrix matrix, List<WeightLayer> layers, OutputProbing probing) {
    linearized();
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return layerOutputs.hessians(matrix, layers, probing, lossFactors, totals != null);
    }
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>(program.notes());
    notes.add(
        "products are exact tangents in %s, kernels: %s"
            .formatted(elements, weights.kernels().library()));
    if (totals != null) {
      notes.add(
          "statistics of all %d examples do not fit into the memory at once: a block of products"
                  .formatted(examples)
              + " takes %d passes over %d pieces of at most %d examples"
                  .formatted(2 * program.coupled().size() + 1, data.size(), largestPiece()));
    }
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
    return new EvaluationCount(linearizations, forwards);
  }

  @Override
  public long expectedBytes() {
    long rows = largestPiece();
    long kept = keptBytes(gradient == null || keepsPieces ? examples : rows);
    return weights.bytes() + kept + movingBytes(rows, mostTeams);
  }

  private long keptBytes(long rows) {
    return 2 * storage.width() * elements.bytes() * rows;
  }

  private long movingBytes(long rows, int teams) {
    return storage.width() * elements.bytes() * rows * teams;
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
