package org.eigenscope.probes.curvature.tangent;

/** What flows along an edge of the network: one step makes it, others take it. */
final class Value {
  private final int id;
  private final Shape shape;
  private final boolean varies;
  private int consumers;
  private boolean kept;

  /**
   * @param varies whether it is a function of active parameters
   */
  Value(int id, Shape shape, boolean varies) {
    this.id = id;
    this.shape = shape;
    this.varies = varies;
  }

  int id() {
    return id;
  }

  Shape shape() {
    return shape;
  }

  int size() {
    return shape.size();
  }

  boolean varies() {
    return varies;
  }

  void consume() {
    consumers++;
  }

  boolean hasOneConsumer() {
    return consumers == 1;
  }

  /** Asks that what it is at the parameters be kept for products. */
  void keep() {
    kept = true;
  }

  boolean kept() {
    return kept;
  }
}
