package org.eigenscope.listeners.web;

/**
 * What a page is told first, and again when it changes.
 *
 * @param source {@code live} or {@code journal}
 * @param title what it is a page of
 * @param version of this software
 * @param instance tells the ids of this feed from those of another, or of itself before it began
 *     again; letters and digits
 * @param finished whether no readings will come any more
 */
record Hello(String source, String title, String version, String instance, boolean finished) {}
