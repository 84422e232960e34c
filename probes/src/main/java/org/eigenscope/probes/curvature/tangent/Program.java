package org.eigenscope.probes.curvature.tangent;

import java.util.ArrayList;
import java.util.List;

/**
 * A network as steps, in an order in which each finds its inputs computed.
 *
 * @param inputs the network's inputs
 * @param values all edges, by their numbers
 * @param steps all steps, by their numbers
 * @param losses those of the steps that are losses, by the network's outputs
 * @param parameters the parameter arrays of the steps, by their offsets
 * @param partialSize elements of the gradients that a member adds up on its own
 * @param coupled the steps in which examples depend on each other, by their statistics, in order
 * @param notes what was left out, in plain words
 */
record Program(
    List<Value> inputs,
    List<Value> values,
    List<Step> steps,
    List<LossStep> losses,
    List<Parameter> parameters,
    long partialSize,
    List<NormalizationStep> coupled,
    List<String> notes) {

  /** Returns the elements of all edges for one example. */
  long width() {
    return values.stream().mapToLong(Value::size).sum();
  }

  /** Collects a program. */
  static final class Builder {
    private final List<Value> inputs = new ArrayList<>();
    private final List<Value> values = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<LossStep> losses = new ArrayList<>();
    private final List<Parameter> parameters = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private long partialSize;
    private final List<NormalizationStep> coupled = new ArrayList<>();

    Value input(Shape shape) {
      Value value = value(shape, false);
      inputs.add(value);
      return value;
    }

    Value value(Shape shape, boolean varies) {
      Value value = new Value(values.size(), shape, varies);
      values.add(value);
      return value;
    }

    /** Declares a parameter whose gradient each member adds up for its own examples. */
    Parameter summed(long offset, long length, boolean active) {
      Parameter parameter = new Parameter(offset, length, active, partialSize);
      partialSize += active ? length : 0;
      parameters.add(parameter);
      return parameter;
    }

    /** Declares a parameter whose gradient the members share out. */
    Parameter shared(long offset, long length, boolean active) {
      Parameter parameter = new Parameter(offset, length, active, -1);
      parameters.add(parameter);
      return parameter;
    }

    <S extends Step> S add(S step) {
      step.number(steps.size());
      steps.add(step);
      if (step instanceof LossStep loss) {
        losses.add(loss);
      }
      if (step instanceof NormalizationStep normalization && !normalization.fixed()) {
        coupled.add(normalization);
      }
      return step;
    }

    void note(String note) {
      notes.add(note);
    }

    Program build() {
      boolean[] reached = new boolean[values.size()];
      for (int i = steps.size() - 1; i >= 0; i--) {
        Step step = steps.get(i);
        for (int k = 0; k < step.inputs().size(); k++) {
          int id = step.inputs().get(k).id();
          if (reached[id]) {
            step.addsTo(k);
          }
          reached[id] = true;
        }
      }
      parameters.sort(java.util.Comparator.comparingLong(Parameter::offset));
      losses.sort(java.util.Comparator.comparingInt(LossStep::index));
      return new Program(
          List.copyOf(inputs),
          List.copyOf(values),
          List.copyOf(steps),
          List.copyOf(losses),
          List.copyOf(parameters),
          partialSize,
          List.copyOf(coupled),
          List.copyOf(notes));
    }
  }
}
