package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;

/** Turns vertices without layers, and preprocessors, into steps. */
final class VertexCompiler {
  private final Program.Builder program;

  VertexCompiler(Program.Builder program) {
    this.program = program;
  }

  /**
   * Adds the steps of a vertex.
   *
   * @return what it puts out
   * @throws UnsupportedNetworkException if it is not known
   */
  Value compile(String name, GraphVertex vertex, List<Value> inputs) {
    Class<?> type = vertex.getClass();
    if (type == ElementWiseVertex.class) {
      return elementwise(name, (ElementWiseVertex) vertex, inputs);
    }
    if (type == MergeVertex.class) {
      return merged(name, (MergeVertex) vertex, inputs);
    }
    if (type == SubsetVertex.class) {
      return subset(name, (SubsetVertex) vertex, inputs.get(0));
    }
    if (type == ScaleVertex.class) {
      return combined(name, inputs, ((ScaleVertex) vertex).getScaleFactor(), 1, 0);
    }
    if (type == ShiftVertex.class) {
      return combined(name, inputs, 1, 1, ((ShiftVertex) vertex).getShiftFactor());
    }
    if (type == PreprocessorVertex.class) {
      return preprocessed(name, ((PreprocessorVertex) vertex).getPreProcessor(), inputs.get(0));
    }
    throw UnsupportedNetworkException.of(name, type.getSimpleName());
  }

  private Value elementwise(String name, ElementWiseVertex vertex, List<Value> inputs) {
    String what = "ElementWiseVertex " + vertex.getOp();
    for (Value input : inputs) {
      if (!input.shape().equals(inputs.get(0).shape())) {
        throw UnsupportedNetworkException.of(name, what + " of different shapes");
      }
    }
    return switch (vertex.getOp()) {
      case Add -> combined(name, inputs, 1, 1, 0);
      case Subtract -> combined(name, inputs, 1, inputs.size() == 1 ? 1 : -1, 0);
      case Average -> {
        double share = 1.0 / inputs.size();
        yield combined(name, inputs, share, share, 0);
      }
      case Product -> {
        Value output = program.value(inputs.get(0).shape(), anyVaries(inputs));
        program.add(new ProductStep(name, inputs, output));
        yield output;
      }
      case Max -> {
        if (inputs.size() > Byte.MAX_VALUE) {
          throw UnsupportedNetworkException.of(name, what + " of %d".formatted(inputs.size()));
        }
        Value output = program.value(inputs.get(0).shape(), anyVaries(inputs));
        program.add(new MaximumStep(name, inputs, output));
        yield output;
      }
    };
  }

  private static boolean anyVaries(List<Value> inputs) {
    return inputs.stream().anyMatch(Value::varies);
  }

  private Value combined(
      String name, List<Value> inputs, double first, double others, double constant) {
    double[] factors = new double[inputs.size()];
    Arrays.fill(factors, others);
    factors[0] = first;
    Value output = program.value(inputs.get(0).shape(), anyVaries(inputs));
    program.add(new CombinationStep(name, inputs, output, factors, constant));
    return output;
  }

  private Value merged(String name, MergeVertex vertex, List<Value> inputs) {
    Shape first = inputs.get(0).shape();
    int channels = 0;
    for (Value input : inputs) {
      Shape shape = input.shape();
      if (shape.image() != first.image()
          || shape.height() != first.height()
          || shape.width() != first.width()) {
        throw UnsupportedNetworkException.of(name, "MergeVertex of different shapes");
      }
      channels += shape.channels();
    }
    if (vertex.getMergeAxis() != 1 || new HashSet<>(inputs).size() < inputs.size()) {
      throw UnsupportedNetworkException.of(
          name,
          "MergeVertex along axis %d, or of one input twice".formatted(vertex.getMergeAxis()));
    }
    Shape shape = new Shape(channels, first.height(), first.width(), first.image());
    int[][] sources = new int[shape.size()][];
    int start = 0;
    int channel = 0;
    for (Value input : inputs) {
      Shape from = input.shape();
      for (int c = 0; c < from.channels(); c++, channel++) {
        for (int y = 0; y < from.height(); y++) {
          for (int x = 0; x < from.width(); x++) {
            sources[shape.at(channel, y, x)] = new int[] {start + from.at(c, y, x)};
          }
        }
      }
      start += from.size();
    }
    return rearranged(program, name, inputs, shape, sources, 1);
  }

  private Value subset(String name, SubsetVertex vertex, Value input) {
    Shape from = input.shape();
    int channels = vertex.getTo() - vertex.getFrom() + 1;
    Shape shape = new Shape(channels, from.height(), from.width(), from.image());
    int[][] sources = new int[shape.size()][];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < from.height(); y++) {
        for (int x = 0; x < from.width(); x++) {
          sources[shape.at(c, y, x)] = new int[] {from.at(vertex.getFrom() + c, y, x)};
        }
      }
    }
    return rearranged(program, name, List.of(input), shape, sources, 1);
  }

  /** Adds a step that rearranges, with one factor for all outputs. */
  static Value rearranged(
      Program.Builder program,
      String name,
      List<Value> inputs,
      Shape shape,
      int[][] sources,
      double factor) {
    double[] factors = new double[shape.size()];
    Arrays.fill(factors, factor);
    Value output = program.value(shape, anyVaries(inputs));
    program.add(new RearrangementStep(name, inputs, output, sources, factors));
    return output;
  }

  /**
   * Adds the steps of a preprocessor.
   *
   * @throws UnsupportedNetworkException if it is not known
   */
  Value preprocessed(String name, InputPreProcessor preprocessor, Value input) {
    Class<?> type = preprocessor.getClass();
    if (type == ComposableInputPreProcessor.class) {
      Value value = input;
      for (InputPreProcessor each :
          ((ComposableInputPreProcessor) preprocessor).getInputPreProcessors()) {
        value = preprocessed(name, each, value);
      }
      return value;
    }
    if (type == CnnToFeedForwardPreProcessor.class
        && ((CnnToFeedForwardPreProcessor) preprocessor).getFormat() == CNN2DFormat.NCHW) {
      return input.shape().image() ? flattened(name, input) : input;
    }
    if (type == FeedForwardToCnnPreProcessor.class) {
      FeedForwardToCnnPreProcessor toImage = (FeedForwardToCnnPreProcessor) preprocessor;
      return input.shape().image()
          ? input
          : unflattened(
              name,
              input,
              Shape.image(
                  toImage.getNumChannels(), toImage.getInputHeight(), toImage.getInputWidth()));
    }
    throw UnsupportedNetworkException.of(name, type.getSimpleName());
  }

  /** Deeplearning4j flattens channel by channel. */
  private Value flattened(String name, Value input) {
    Shape from = input.shape();
    int[][] sources = new int[from.size()][];
    int next = 0;
    for (int c = 0; c < from.channels(); c++) {
      for (int y = 0; y < from.height(); y++) {
        for (int x = 0; x < from.width(); x++) {
          sources[next++] = new int[] {from.at(c, y, x)};
        }
      }
    }
    return rearranged(program, name, List.of(input), Shape.vector(from.size()), sources, 1);
  }

  private Value unflattened(String name, Value input, Shape shape) {
    int[][] sources = new int[shape.size()][];
    int next = 0;
    for (int c = 0; c < shape.channels(); c++) {
      for (int y = 0; y < shape.height(); y++) {
        for (int x = 0; x < shape.width(); x++) {
          sources[shape.at(c, y, x)] = new int[] {next++};
        }
      }
    }
    return rearranged(program, name, List.of(input), shape, sources, 1);
  }
}
