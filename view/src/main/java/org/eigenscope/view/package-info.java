/** Readings for people: rows of a table and pictures. Knows readings, nothing of networks. */
@NullMarked
package org.eigenscope.view;

import org.jspecify.annotations.NullMarked;
