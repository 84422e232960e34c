package org.eigenscope.listeners.web;

import java.net.URI;

/**
 * What {@code /api/readings} is asked for.
 *
 * @param after id of the reading after which to begin, 0 for the oldest kept
 * @param limit readings at most
 */
record Query(long after, int limit) {

  /**
   * Returns the query of an address.
   *
   * @throws IllegalArgumentException if a parameter is unknown, doubled or not a number; the
   *     message names it
   */
  static Query of(URI uri) {
    long after = -1;
    long limit = -1;
    String query = uri.getRawQuery();
    if (query != null && !query.isEmpty()) {
      for (String parameter : query.split("&", -1)) {
        int equals = parameter.indexOf('=');
        String name = equals < 0 ? parameter : parameter.substring(0, equals);
        String value = equals < 0 ? "" : parameter.substring(equals + 1);
        switch (name) {
          case "after" -> after = number(name, value, after, 0, Long.MAX_VALUE);
          case "limit" -> limit = number(name, value, limit, 1, Integer.MAX_VALUE);
          default ->
              throw new IllegalArgumentException(
                  "parameters must be after and limit, got " + shortened(name));
        }
      }
    }
    return new Query(Math.max(0, after), limit < 0 ? Integer.MAX_VALUE : (int) limit);
  }

  private static long number(String name, String text, long before, long least, long most) {
    if (before >= 0) {
      throw new IllegalArgumentException(name + " must be given once");
    }
    long value;
    try {
      value = Long.parseLong(text);
    } catch (NumberFormatException e) {
      value = -1;
    }
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s must be a whole number from %d to %d, got '%s'"
              .formatted(name, least, most, shortened(text)));
    }
    return value;
  }

  private static String shortened(String text) {
    int most = 40;
    return text.length() <= most ? text : text.substring(0, most) + "...";
  }
}
