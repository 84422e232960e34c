/**
 * The command line: {@code eigenscope analyze} and {@code eigenscope demo}. May depend on
 * everything that is published; nothing depends on it.
 */
@NullMarked
package org.eigenscope.cli;

import org.jspecify.annotations.NullMarked;
