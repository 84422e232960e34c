/** A training that stops early, measured at the end of epochs into a journal. */
@NullMarked
package org.eigenscope.examples.earlystopping;

import org.jspecify.annotations.NullMarked;
