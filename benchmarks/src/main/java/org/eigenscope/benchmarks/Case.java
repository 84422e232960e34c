package org.eigenscope.benchmarks;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import org.jspecify.annotations.Nullable;

/**
 * What was measured of one network in one precision; a null was not measured.
 *
 * @param parameters length of the flat parameter vector
 * @param engine which engine took the products
 * @param kernels what that engine says of itself
 * @param dl4jGradientMs Deeplearning4j's own gradient and score
 * @param gradientMs a new curvature's gradient: copying, linearising, passing back
 * @param hvpMs a Hessian product
 * @param hvpPerVectorBlock8Ms a Hessian product of a block of eight vectors, divided by eight
 * @param gaussNewtonMs a Gauss–Newton product
 * @param peakBytes most native memory, of ND4J and JavaCPP, during a product of a block of eight
 *     after linearisation, with the block and its products, less that before the curvature was made
 * @param matvecs90x10 products that the spectrum took
 * @param spectrum90x10Seconds stochastic Lanczos quadrature, 90 steps and 10 draws
 * @param activationBytes outputs of all layers and vertices of one forward pass
 * @param peakPerVectorOverActivations an eighth of {@code peakBytes} over {@code activationBytes}
 * @param floorMs the matrix products of a Hessian product ({@link Workload#productFlops}) at {@code
 *     peakGflops}
 * @param peakGflops what {@link Peak} measured for this precision
 */
@JsonPropertyOrder({
  "network",
  "batch",
  "parameters",
  "precision",
  "engine",
  "dl4jGradientMs",
  "gradientMs",
  "hvpMs",
  "hvpPerVectorBlock8Ms",
  "gaussNewtonMs",
  "peakBytes",
  "spectrum90x10Seconds",
  "matvecs90x10",
  "kernels",
  "activationBytes",
  "peakPerVectorOverActivations",
  "floorMs",
  "peakGflops"
})
record Case(
    String network,
    int batch,
    long parameters,
    String precision,
    String engine,
    double dl4jGradientMs,
    double gradientMs,
    double hvpMs,
    double hvpPerVectorBlock8Ms,
    double gaussNewtonMs,
    long peakBytes,
    @Nullable Double spectrum90x10Seconds,
    @Nullable Long matvecs90x10,
    String kernels,
    long activationBytes,
    double peakPerVectorOverActivations,
    double floorMs,
    double peakGflops) {}
