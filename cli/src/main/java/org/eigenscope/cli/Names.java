package org.eigenscope.cli;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.BoundBasis;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts the lower-case names of an enumeration's constants. */
abstract class Names<E extends Enum<E>> implements ITypeConverter<E> {
  private final List<E> values;
  private final Function<E, String> name;

  private Names(List<E> values, Function<E, String> name) {
    this.values = values;
    this.name = name;
  }

  /** Returns a constant's name in lower case. */
  static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public E convert(String text) {
    return values.stream()
        .filter(value -> name.apply(value).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "must be one of %s, got '%s'"
                        .formatted(
                            values.stream().map(name).collect(Collectors.joining(", ")), text)));
  }

  /** All matrices. */
  static final class Operator extends Names<CurvatureMatrix> {
    Operator() {
      super(List.of(CurvatureMatrix.values()), CurvatureMatrix::tag);
    }
  }

  /** The matrices that have a structure by layers. */
  static final class LayeredOperator extends Names<CurvatureMatrix> {
    LayeredOperator() {
      super(List.of(CurvatureMatrix.HESSIAN, CurvatureMatrix.GAUSS_NEWTON), CurvatureMatrix::tag);
    }
  }

  /** All modes of batch normalization. */
  static final class BatchNorm extends Names<BatchNormMode> {
    BatchNorm() {
      super(List.of(BatchNormMode.values()), Names::lowerCase);
    }
  }

  /** The modes of batch normalization that networks are trained and used in. */
  static final class BatchOrFrozen extends Names<BatchNormMode> {
    BatchOrFrozen() {
      super(List.of(BatchNormMode.BATCH, BatchNormMode.FROZEN), Names::lowerCase);
    }
  }

  /** All engines. */
  static final class EngineName extends Names<Engine> {
    EngineName() {
      super(List.of(Engine.values()), Names::lowerCase);
    }
  }

  /** All precisions. */
  static final class PrecisionName extends Names<Precision> {
    PrecisionName() {
      super(List.of(Precision.values()), Names::lowerCase);
    }
  }

  /** All bases of a posterior. */
  static final class Basis extends Names<BoundBasis> {
    /** Returns the name of a basis: {@code iter-m} and the like. */
    static String name(BoundBasis basis) {
      return lowerCase(basis).replace('_', '-');
    }

    Basis() {
      super(List.of(BoundBasis.values()), Basis::name);
    }
  }
}
