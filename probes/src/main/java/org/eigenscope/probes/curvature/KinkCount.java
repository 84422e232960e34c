package org.eigenscope.probes.curvature;

/**
 * How often kinks lay within the steps of an engine that takes differences.
 *
 * @param products matrix–vector products so far
 * @param heldProducts those in which some unit would have left the region it is in at the
 *     parameters, and was held in it
 * @param heldUnits evaluations of units (rectifiers, pooling windows, for each example) that were
 *     held
 * @param unwatched number of parts of the network, named in the notes, whose kinks nobody watches
 */
public record KinkCount(long products, long heldProducts, long heldUnits, long unwatched) {}
