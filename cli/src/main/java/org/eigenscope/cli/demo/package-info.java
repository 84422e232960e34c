/**
 * The demo: trains a small convolutional network with the spectrum probe attached, on MNIST or on
 * drawn digits.
 */
@NullMarked
package org.eigenscope.cli.demo;

import org.jspecify.annotations.NullMarked;
