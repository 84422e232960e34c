package org.eigenscope.benchmarks.libtorch;

import static org.bytedeco.pytorch.global.torch.TORCH_VERSION;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.manual_seed;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.set_num_threads;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures libtorch as {@code peers.py} measures PyTorch, with the same options and figures. */
@Command(name = "eigenscope-peer-libtorch", mixinStandardHelpOptions = true)
public final class Main implements Callable<Integer> {
  private static final long SEED = 42;
  private static final int CLASSES = 10;
  private static final int BLOCK = 8;
  private static final int STEPS = 90;
  private static final int REPETITIONS = 9;
  private static final long WARM_UP_NANOS = 1_500_000_000L;

  @Option(names = "--json", required = true, description = "File to write the figures to.")
  private @Nullable Path json;

  @Option(names = "--network", description = "Networks to measure; default all.")
  private List<PeerNetwork> networks = List.of(PeerNetwork.values());

  @Option(names = "--threads", description = "Threads of libtorch; default 4.")
  private int threads = 4;

  private Main() {}

  /** Runs the command and ends the process with its exit status. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Main()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Path target = Objects.requireNonNull(json).toAbsolutePath();
    set_num_threads(threads);
    List<Figures.Case> cases = new ArrayList<>();
    for (PeerNetwork network : networks) {
      cases.add(measure(network));
    }
    Figures figures =
        new Figures("libtorch", TORCH_VERSION, threads, System.getenv("OMP_WAIT_POLICY"), cases);
    Path part = Path.of(target + ".part");
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    Files.writeString(part, mapper.writeValueAsString(figures) + "\n");
    Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    return 0;
  }

  @SuppressWarnings("try") // the scope itself is the use
  private static Figures.Case measure(PeerNetwork network) {
    try (PointerScope scope = new PointerScope()) {
      manual_seed(SEED);
      Parameters parameters = new Parameters();
      Layer model = network.build(parameters);
      List<Tensor> all = parameters.all();
      long batch = network.inputShape()[0];
      Tensor inputs = randn(network.inputShape());
      Tensor labels = randint(CLASSES, new long[] {batch}, new TensorOptions(ScalarType.Long));
      Supplier<Tensor> loss = () -> cross_entropy_loss(model.apply(inputs), labels);

      TensorVector flat = CachedGraph.vector(all);
      double gradient = medianMilliseconds(() -> CachedGraph.gradient(flat, loss, false));
      CachedGraph graph = new CachedGraph(all, loss);
      List<TensorVector> vectors = new ArrayList<>();
      for (int i = 0; i < BLOCK; i++) {
        vectors.add(CachedGraph.vector(all.stream().map(p -> randn(p.shape())).toList()));
      }
      double one = medianMilliseconds(() -> graph.product(vectors.get(0)));
      double block = medianMilliseconds(() -> vectors.forEach(graph::product));
      long start = System.nanoTime();
      Quadrature.draw(graph::product, all, STEPS);
      double density = (System.nanoTime() - start) / 1e9;
      return new Figures.Case(
          network.tag(),
          batch,
          all.stream().mapToLong(Tensor::numel).sum(),
          "float",
          gradient,
          one,
          block / BLOCK,
          density);
    }
  }

  /** Returns the median time of a task, after warming up for a second and a half. */
  private static double medianMilliseconds(Runnable task) {
    long start = System.nanoTime();
    do {
      milliseconds(task);
    } while (System.nanoTime() - start < WARM_UP_NANOS);
    double[] times = new double[REPETITIONS];
    for (int i = 0; i < times.length; i++) {
      times[i] = milliseconds(task);
    }
    Arrays.sort(times);
    return times[times.length / 2];
  }

  /** Returns the time of a task, and frees all native objects that it made. */
  @SuppressWarnings("try") // the scope itself is the use
  private static double milliseconds(Runnable task) {
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope()) {
      task.run();
    }
    return (System.nanoTime() - start) / 1e6;
  }
}
