package org.eigenscope.probes.linalg;

/** A computation met NaN or an infinity: usually the network itself produced it. */
public final class NonFiniteValueException extends ArithmeticException {
  private static final long serialVersionUID = 1;

  private final String quantity;
  private final long index;
  private final long matvecs;

  /**
   * Creates the exception.
   *
   * @param quantity what is not finite, in the field's words, for example {@code operator product}
   * @param index position of the first element that is not finite, from 0
   * @param matvecs applications of the operator so far
   */
  public NonFiniteValueException(String quantity, long index, long matvecs) {
    this(
        quantity,
        index,
        matvecs,
        "%s must be finite, got NaN or an infinity at index %d after %d matvecs"
            .formatted(quantity, index, matvecs));
  }

  private NonFiniteValueException(String quantity, long index, long matvecs, String message) {
    super(message);
    this.quantity = quantity;
    this.index = index;
    this.matvecs = matvecs;
  }

  /**
   * Returns the exception for a single number, whose index is 0.
   *
   * @param quantity what is not finite, in the field's words, for example {@code loss}
   * @param value the number, NaN or infinite
   * @param matvecs applications of the operator so far
   */
  public static NonFiniteValueException ofScalar(String quantity, double value, long matvecs) {
    return new NonFiniteValueException(
        quantity, 0, matvecs, "%s must be finite, got %s".formatted(quantity, value));
  }

  /** Returns what is not finite. */
  public String quantity() {
    return quantity;
  }

  /** Returns the position of the first element that is not finite; 0 for a single number. */
  public long index() {
    return index;
  }

  /** Returns how often the operator had been applied. */
  public long matvecs() {
    return matvecs;
  }
}
