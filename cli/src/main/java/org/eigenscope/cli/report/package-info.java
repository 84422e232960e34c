/**
 * The report: journals as one HTML page. May depend on readings, on the journal's reader and on
 * densities of {@code probes.linalg}; knows nothing of networks or of the command line.
 *
 * <p>Charts are SVG of the page's own. XChart, which draws the demo's picture, writes SVG with text
 * as outlines in this machine's fonts: 190 kB for two lines of 20 points, in one theme, not the
 * same elsewhere, and silent to a screen reader. A plotting library in the page would need scripts,
 * which mail readers and build servers that show reports block.
 */
@NullMarked
package org.eigenscope.cli.report;

import org.jspecify.annotations.NullMarked;
