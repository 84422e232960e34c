package org.eigenscope.probes;

/** What the builders of probes ask of their arguments. */
final class BuilderChecks {
  private BuilderChecks() {}

  /** Returns the name of a probe, which must not be blank. */
  static String name(String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException("name must not be blank, got '%s'".formatted(value));
    }
    return value;
  }

  /** Returns a number that must not be less than another. */
  static int atLeast(int least, String name, int value) {
    if (value < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d, got %d".formatted(name, least, value));
    }
    return value;
  }
}
