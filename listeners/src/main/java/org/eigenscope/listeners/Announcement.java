package org.eigenscope.listeners;

import java.util.List;
import org.eigenscope.probes.Quantity;

/**
 * The readings that a probe of a listener will give.
 *
 * @param run name of the training run
 * @param model name of the model within the run
 * @param probe name of the probe
 * @param quantities the scalars that its readings will hold
 */
public record Announcement(String run, String model, String probe, List<Quantity> quantities) {

  /** Copies the list. */
  public Announcement {
    quantities = List.copyOf(quantities);
  }
}
