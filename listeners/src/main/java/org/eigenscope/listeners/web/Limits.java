package org.eigenscope.listeners.web;

import java.time.Duration;

/**
 * How long things may take.
 *
 * @param request until a request has arrived, from its first byte, TLS included
 * @param answer for an answer, from then on
 * @param download for all kept readings
 * @param event for one event
 * @param beat from one sign of life to the next, in the events
 */
record Limits(Duration request, Duration answer, Duration download, Duration event, Duration beat) {

  static Limits defaults() {
    return new Limits(
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(120),
        Duration.ofSeconds(20),
        Duration.ofSeconds(5));
  }
}
