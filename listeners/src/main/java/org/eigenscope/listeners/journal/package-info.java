/**
 * Readings as JSON lines, written and read back. May depend on {@code listeners}.
 *
 * <h2>Format</h2>
 *
 * <p>A journal is a UTF-8 file of lines, each ended by a line feed and each one JSON object:
 *
 * <pre>{@code
 * {"schema": 1,
 *  "provenance": {"probe", "run", "model", "iteration", "epoch", "time", "seconds", "examples",
 *                 "seed", "matvecs", "settings": {name: text}, "versions": {name: text}},
 *  "measurements": [{"name", "tags": {key: text}, "value"}...],
 *  "spectra": [{"name", "tags": {key: text}, "order",
 *               "draws": [{"nodes": [...], "weights": [...]}...]}...],
 *  "notes": [text...]}
 * }</pre>
 *
 * <p>{@code time} is an ISO-8601 instant in UTC. Numbers are finite or null; null is NaN, and
 * infinities are written as null, too. Every finite double comes back bit for bit. Readers ignore
 * fields they do not know; {@code schema} grows when the meaning of a known field changes.
 *
 * <p>A line may be torn: a process that is killed while it writes leaves the beginning of a line,
 * which the next one to append ends with a line feed.
 */
@NullMarked
package org.eigenscope.listeners.journal;

import org.jspecify.annotations.NullMarked;
