/**
 * Tests of the data in this directory: that Prometheus, Alertmanager and Grafana can read it, and
 * that it shows what the listeners export. May depend on listeners.
 */
@NullMarked
package org.eigenscope.grafana;

import org.jspecify.annotations.NullMarked;
