package org.eigenscope.probes.curvature.tangent;

/** Says which part of a network the tangent engine does not know. */
public final class UnsupportedNetworkException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  UnsupportedNetworkException(String part) {
    super(part);
  }

  static UnsupportedNetworkException of(String name, String what) {
    return new UnsupportedNetworkException("%s (%s)".formatted(name, what));
  }
}
