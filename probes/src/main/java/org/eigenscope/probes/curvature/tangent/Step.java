package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import org.eigenscope.probes.kernel.Worker;

/**
 * One function of the network: its values, and how changes go forward and errors go back through
 * it.
 *
 * <p>All members of a team call a method together, each for its own examples. Changes along a
 * vector go forward ({@link #push}); errors go back ({@link #pull}), and where the change of the
 * function itself plays a part, it is added (Pearlmutter 1994, "Fast Exact Multiplication by the
 * Hessian", Neural Computation 6, section 3).
 */
abstract class Step {
  private final String name;
  private final List<Value> inputs;
  private final Value output;
  private int number;
  private final boolean[] adds;

  /**
   * @param name of the layer or vertex that this belongs to
   */
  Step(String name, List<Value> inputs, Value output) {
    this.name = name;
    this.inputs = List.copyOf(inputs);
    this.output = output;
    this.adds = new boolean[inputs.size()];
    inputs.forEach(Value::consume);
  }

  String name() {
    return name;
  }

  List<Value> inputs() {
    return inputs;
  }

  Value input() {
    return inputs.get(0);
  }

  Value output() {
    return output;
  }

  int number() {
    return number;
  }

  void number(int newNumber) {
    number = newNumber;
  }

  /** Says that what goes back to an input has to be added to what came from others. */
  void addsTo(int input) {
    adds[input] = true;
  }

  boolean adds(int input) {
    return adds[input];
  }

  /** Returns whether changes may stand in the memory of the input's changes. */
  boolean pushesInPlace() {
    return false;
  }

  /** Returns whether what goes back may stand in the memory of what came. */
  boolean pullsInPlace() {
    return false;
  }

  /** Returns whether products need the errors on the output. */
  boolean keepsErrors() {
    return false;
  }

  /** Returns whether the output is more than an affine function of the inputs, around them. */
  boolean curved() {
    return false;
  }

  /** Returns whether {@link #finish} has anything to do. */
  boolean finishes() {
    return false;
  }

  /** Makes room for what each of several teams needs. */
  void teams(int count) {}

  /** Returns the sum of the squares of the first elements. */
  static double sumOfSquares(double[] values, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += values[i] * values[i];
    }
    return sum;
  }

  /** Makes room for what this step remembers of a piece. */
  void open(Piece piece) {}

  /** Computes the exact values of the output, and remembers what products need. */
  abstract void forward(Worker worker, Piece piece);

  /** Prepares the vector's part of this step, by one member for the whole team. */
  void load(Frame frame, int team) {}

  /** Computes the change of the output. */
  abstract void push(Worker worker, Frame frame);

  /**
   * Computes what goes back to the inputs that vary, and the gradients of parameters that members
   * add up on their own.
   */
  abstract void pull(Worker worker, Frame frame);

  /**
   * Adds, for each of a member's own examples, the squared norm of what it contributes to the
   * gradients of active parameters, to be called before {@link #pull}; what members add up on their
   * own may be overwritten.
   *
   * @param norms by the piece's examples
   */
  void addSquaredNorms(Worker worker, Frame frame, double[] norms) {}

  /** Computes the gradients that members share out, when all of them have pulled. */
  void finish(Worker worker, Frame frame) {}
}
